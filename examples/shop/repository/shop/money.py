"""Amounts of money, as whole cents."""


def parse(text):
    """Cents from a text such as "12.50"."""
    return int(float(text) * 100)


def show(cents):
    """A text such as "12.50" from cents."""
    return f"{cents // 100}.{cents % 100}"


def share(cents, people):
    """An amount divided among people, in cents for each."""
    return [cents // people] * people
