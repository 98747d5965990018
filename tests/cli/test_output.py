"""What other people and agents wrote, on the person's own terminal."""

import pytest

from podium.cli.output import Output, make_console, marked
from podium.cli.views import board
from podium.tasks.v1.task_pb2 import Session

NASTY = "[/red] [bold]x :bug: \x1b[2J\x9b2J\x07end"


def test_names_that_look_like_markup_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a table and alone: no error, no colours of theirs, and nothing that steers the terminal."""
    monkeypatch.setenv("COLUMNS", "200")  # so that nothing is wrapped
    console = make_console()
    console.print(board.sessions_table([Session(id="s", number=1, name=NASTY)], {}, 0.0))
    console.print(NASTY)
    said = capsys.readouterr().out
    assert said.count("[/red] [bold]x :bug: [2J2Jend") == 2
    assert not {"\x1b", "\x9b", "\x07"} & set(said)


def test_remarks_with_such_a_name_in_them_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Our own markup works; where a name breaks it, the text is shown as it stands."""
    out = Output(as_json=False)
    out.say("[bold]mine[/] is closed")
    out.say(f"[bold]{NASTY}[/] [/] is closed")
    out.say("[bold]{name}[/] is closed", name="[green]x[/] {y} [/red]")
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "mine is closed"
    assert third == "[green]x[/] {y} [/red] is closed", "what is filled in is shown as it was written"
    assert "[/red]" in second and "is closed" in second
    assert marked("a [dim]b[/]").plain == "a b"
