"""What is on the shelves."""


class OutOfStock(Exception):
    """There is less of an item than was asked for."""

    def __init__(self, item, wanted, available):
        super().__init__(f"{wanted} x {item} wanted, {available} in stock")
        self.item = item


class Stock:
    """Counts by item."""

    def __init__(self, counts):
        self._counts = dict(counts)

    def available(self, item):
        """How many there are; none of what the shop does not know."""
        return self._counts.get(item, 0)

    def take(self, item, count):
        """Takes some from the shelf; raises OutOfStock where there is less."""
        self.take_all({item: count})

    def take_all(self, basket):
        """Takes a whole basket {item: count} or, raising OutOfStock, nothing of it."""
        for item, count in basket.items():
            if count > self.available(item):
                raise OutOfStock(item, count, self.available(item))
        for item, count in basket.items():
            self._counts[item] -= count
