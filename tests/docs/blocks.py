"""The code blocks of a page, so that tests run what the page shows."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def commands(page: str) -> list[str]:
    """Every `podium …` line of the shell blocks and of the tables, without trailing comments."""
    text = (ROOT / page).read_text(encoding="utf-8")
    inline = re.findall(r"^\|.*$", text, re.M)
    found = [line for block in blocks(page, "sh") for line in block.splitlines()]
    found += [span for row in inline for span in re.findall(r"`(podium [^`]+)`", row)]
    return [line.split("  #")[0].strip() for line in found if line.startswith("podium ")]
