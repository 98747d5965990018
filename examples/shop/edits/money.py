"""Amounts of money, as whole cents."""

from decimal import Decimal, InvalidOperation


def parse(text):
    """Cents from a text such as "12.50"; raises ValueError for anything but an amount of whole cents."""
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        raise ValueError(f"not an amount: {text!r}") from None
    if cents != cents.to_integral_value():
        raise ValueError(f"more digits than cents: {text!r}")
    return int(cents)


def show(cents):
    """A text such as "12.50" from cents."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


def share(cents, people):
    """An amount divided among people, in cents for each; the first ones get what does not divide."""
    each, rest = divmod(cents, people)
    return [each + 1] * rest + [each] * (people - rest)
