"""A unified diff in colour."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = (("+++", "bold"), ("---", "bold"), ("diff ", "bold cyan"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


def render(diff: str) -> "Text":
    """The diff, a colour a line."""
    from rich.text import Text

    text = Text()
    for line in diff.splitlines():
        style = next((style for start, style in _STYLES if line.startswith(start)), "")
        text.append(line + "\n", style=style)
    return text
