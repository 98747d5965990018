"""What is on the shelves."""


class Stock:
    """Counts by item."""

    def __init__(self, counts):
        self._counts = dict(counts)

    def available(self, item):
        """How many there are."""
        return self._counts[item]

    def take(self, item, count):
        """Takes some from the shelf."""
        self._counts[item] -= count
