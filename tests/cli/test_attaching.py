"""What attaching does to keys and modes."""

import pytest

from podium.cli import exits
from podium.cli.attaching.keys import KeyScanner, name_of, parse_detach, without_reports
from podium.cli.attaching.modes import Modes
from podium.cli.exits import CliError
from podium.cli.sessions import matching
from podium.tasks.v1.task_pb2 import Session


def test_names_of_detach_keys() -> None:
    """The usual ways to write a control key; `none` is no key; anything else is refused with its remedy."""
    assert parse_detach("ctrl-]") == parse_detach("C-]") == parse_detach("^]") == 0x1D
    assert parse_detach("Ctrl-A") == 1
    assert parse_detach("none") is None
    assert name_of(0x1D) == "Ctrl-]"
    with pytest.raises(CliError, match="no key") as refused:
        parse_detach("F12")
    assert refused.value.code == exits.USAGE
    assert "ctrl-]" in refused.value.hint


@pytest.mark.parametrize("key", [b"\x1d", b"\x1b[93;5u", b"\x1b[27;5;93~", b"\x1b[93;5:1u"])
def test_the_key_is_found_as_any_terminal_sends_it(key: bytes) -> None:
    """What was typed before it still goes; what comes after does not."""
    assert KeyScanner(0x1D).feed(b"exit\r" + key + b"more") == (b"exit\r", True)


def test_other_keys_pass() -> None:
    """Escape sequences, other control keys, and everything where no key detaches."""
    assert KeyScanner(0x1D).feed(b"\x1b[A\x03\x1c\x1b[97;5u") == (b"\x1b[A\x03\x1c\x1b[97;5u", False)
    assert KeyScanner(None).feed(b"\x1d") == (b"\x1d", False)


def test_answers_of_the_terminal_are_not_typed() -> None:
    """Output of long ago asks what terminal this is, where the cursor is, which colours it has."""
    answers = b"\x1b[?62;22c\x1b[>41;354;0c\x1b[12;40R\x1b]11;rgb:0000/0000/0000\x07\x1b[?2026;2$y\x1bP1+r544e\x1b\\"
    assert without_reports(b"a" + answers + b"b\x1b[A") == b"ab\x1b[A"


def test_what_programs_switched_on_is_switched_off() -> None:
    """An editor with the mouse on: its screen, its mouse, its hidden cursor and its keyboard go when it is left."""
    modes = Modes()
    modes.feed(b"\x1b[?1049h\x1b[?10")
    modes.feed(b"06;1000h\x1b[?25l\x1b[?2004h\x1b[>1u text")
    assert modes.alternate
    left = modes.leave()
    for part in (b"\x1b[?1049l", b"\x1b[?1006l", b"\x1b[?1000l", b"\x1b[?25h", b"\x1b[?2004l", b"\x1b[<1u"):
        assert part in left
    assert not modes.alternate
    assert modes.leave() == b"\x1b[0m\x0f"


def test_regions_and_keys_are_put_back() -> None:
    """The lines that scroll, the keypad, and how modified keys are told; the cursor stays where it is."""
    modes = Modes()
    modes.feed(b"\x1b[2;20r\x1b=\x1b[>4;")
    modes.feed(b"2m")
    left = modes.leave()
    assert left == b"\x1b7\x1b[r\x1b8\x1b[>4m\x1b>\x1b[0m\x0f"
    modes.feed(b"\x1b[2;20r\x1b=\x1b[>4;2m text \x1b[r\x1b>\x1b[>4;m")
    assert modes.leave() == b"\x1b[0m\x0f"


def test_what_programs_switched_off_themselves_is_left_alone() -> None:
    """Where an editor was closed again, leaving does not touch the screen; nor after a full reset."""
    modes = Modes()
    modes.feed(b"\x1b[?1049h\x1b[?25l ... \x1b[?25h\x1b[?1049l")
    assert modes.leave() == b"\x1b[0m\x0f"
    modes.feed(b"\x1b[?1000h\x1bc")
    assert modes.leave() == b"\x1b[0m\x0f"


def test_unfinished_sequences_are_bounded() -> None:
    """What looks like a sequence without end is not kept."""
    modes = Modes()
    modes.feed(b"\x1b[?" + b"1;" * 1000)
    assert len(modes._rest) < 100


def test_what_names_a_session() -> None:
    """Its id, its number, its name, the end of its id: the first of these that fits."""
    sessions = [
        Session(id="session_abcd", number=1, name="2"),
        Session(id="session_efgh", number=2, name="build"),
        Session(id="agent_ijkl", number=3, name="build"),
    ]

    def found(text: str) -> list[str]:
        return [each.id for each in matching(sessions, text)]

    assert found("agent_ijkl") == ["agent_ijkl"]
    assert found("2") == found("#2") == ["session_efgh"]
    assert found("build") == ["session_efgh", "agent_ijkl"]
    assert found("abcd") == ["session_abcd"]
    assert found("d") == found("nobody") == []
