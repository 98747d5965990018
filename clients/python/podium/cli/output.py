"""Where output goes: rich tables and panels for people, JSON for programs.

Colours and boxes go where a terminal is and NO_COLOR is not; a pipe gets the same words, plain, on long lines.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_PIPE_WIDTH = 160
_HARMLESS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
"""Takes out the characters that steer a terminal."""


class Output:
    """The output of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @cached_property
    def console(self) -> "Console":
        """Standard output as rich sees it."""
        return make_console()

    def show(self, data: Any, render: "Callable[[], RenderableType]") -> None:
        """The result of a command: `data` for programs, what `render` makes of it for people."""
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False, indent=2))
        else:
            self.console.print(render())

    def item(self, data: Any, text: str) -> None:
        """One of a stream of results: a JSON line, or a line of text (rich markup off)."""
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False), flush=True)
        else:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
            sys.stdout.flush()

    def say(self, text: str, **filled: object) -> None:
        """A remark for people (rich markup on); programs do not get it.

        What others wrote (titles, names, causes) goes into `{places}`: markup in it is none.
        """
        if not self.as_json:
            from rich.markup import escape

            whole = text.format(**{name: escape(str(value)) for name, value in filled.items()}) if filled else text
            self.console.print(marked(whole), highlight=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """A line on standard error, for people and in scripts alike: what was asked for was done, but."""
        print(f"warning: {text}", file=sys.stderr)


def marked(text: str) -> "Text":
    """Text with rich's markup; as it stands where what was filled in makes none of it."""
    from rich.errors import MarkupError
    from rich.text import Text

    text = text.translate(_HARMLESS)
    try:
        return Text.from_markup(text, emoji=False)
    except MarkupError:
        return Text(text)


def make_console() -> "Console":
    """A console that honours NO_COLOR, TERM=dumb and pipes.

    Plain strings are shown as they stand: titles and names are other people's, and agents', so what looks like markup
    in them is none, and what would steer the terminal is left out.
    """
    from rich.console import Console

    class Careful(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the program from inside; `failures` does it in order

        def render_str(self, text: str, **how: Any) -> "Text":
            return super().render_str(text.translate(_HARMLESS), **how)

    plain: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
    if sys.stdout.isatty():
        return Careful(**plain)
    return Careful(**plain, width=int(os.environ.get("COLUMNS", "0") or 0) or _PIPE_WIDTH)


def interactive() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()
