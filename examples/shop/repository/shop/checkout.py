"""From a basket to a receipt."""


class Receipt:
    """What was sold: lines of (item, count, cents) and the total in cents."""

    def __init__(self, lines, total):
        self.lines = lines
        self.total = total

    def text(self):
        """The receipt as it is printed."""
        return "\n".join(f"{count} x {item}" for item, count, _ in self.lines)


def checkout(basket, prices, stock):
    """Sells a basket {item: count} at prices {item: "12.50"} from the stock."""
    lines = []
    for item, count in basket.items():
        stock.take(item, count)
        lines.append((item, count, int(float(prices[item]) * count * 100)))
    return Receipt(lines, sum(cents for _, _, cents in lines))
