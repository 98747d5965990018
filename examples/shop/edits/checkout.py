"""From a basket to a receipt."""

from shop import money

DISCOUNT_FROM = 10000
DISCOUNT_PERCENT = 10


class Receipt:
    """What was sold: lines of (item, count, cents), the discount and the total in cents."""

    def __init__(self, lines, discount):
        self.lines = lines
        self.discount = discount
        self.total = sum(cents for _, _, cents in lines) - discount

    def text(self):
        """The receipt as it is printed."""
        rows = [(f"{count} x {item}", cents) for item, count, cents in self.lines]
        if self.discount:
            rows.append((f"{DISCOUNT_PERCENT} % off", -self.discount))
        rows.append(("total", self.total))
        return "\n".join(f"{name:<12}{money.show(cents):>8}" for name, cents in rows)


def checkout(basket, prices, stock):
    """Sells a basket {item: count} at prices {item: "12.50"}; raises OutOfStock and sells nothing if one is missing."""
    lines = [(item, count, money.parse(prices[item]) * count) for item, count in basket.items()]
    stock.take_all(basket)
    return Receipt(lines, discount(sum(cents for _, _, cents in lines)))


def discount(cents):
    """What is taken off a sum, rounded up: in the customer's favour."""
    return -(-cents * DISCOUNT_PERCENT // 100) if cents >= DISCOUNT_FROM else 0
