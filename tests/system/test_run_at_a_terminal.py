"""`podium run` as a person has it: a pseudo-terminal, questions, an editor, Ctrl-C."""

import os
import stat
import sys
from pathlib import Path

import pexpect
import pytest

from podium.cli import exits
from tests.support.installation import LocalInstallation
from tests.support.shop import Shop, is_green, make_shop

pytestmark = pytest.mark.timeout(240)

QUESTION = '{ question = "Round in whose favour?", options = ["The customer\'s", "Ours"], key = "round" }'


class Terminal:
    """`podium …` in a pseudo-terminal of its own."""

    def __init__(self, local: LocalInstallation, shop: Shop, *arguments: str, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "podium.cli.main", *arguments],
            cwd=str(shop.repository),
            env=kept | {"PODIUM_DATA_DIR": str(local.installation.data_dir), "TERM": "xterm"} | environment,
            dimensions=(50, 140),
            encoding="utf-8",
            timeout=60,
        )

    def sees(self, text: str) -> None:
        try:
            self._child.expect_exact(text)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"never saw {text!r} in\n{self._child.before}") from None

    def types(self, text: str) -> None:
        self._child.sendline(text)

    def presses_control_c(self) -> None:
        self._child.sendintr()

    def ends(self) -> int:
        self._child.expect(pexpect.EOF)
        self._child.close()
        assert self._child.exitstatus is not None
        return int(self._child.exitstatus)


def editor(tmp_path: Path) -> str:
    """An editor that adds a line."""
    program = tmp_path / "editor"
    program.write_text('#!/bin/sh\nprintf "\\nAnd a receipt on paper.\\n" >> "$1"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


async def test_a_whole_run_by_answering_its_questions(tmp_path: Path) -> None:
    """Edit and approve the spec, send the plan back once, choose an answer, look at the diff, approve: it lands."""
    shop = make_shop(tmp_path, question=QUESTION)
    async with LocalInstallation(tmp_path, profiles={"play": shop.profile}) as local:
        person = Terminal(local, shop, "run", "Mend the shop", "--agent", "play", EDITOR=editor(tmp_path))
        person.sees("Spec v1 waits for your approval")
        person.sees("[a]pprove")
        person.types("e")
        person.sees("spec v2 submitted")
        person.sees("Spec v2 waits for your approval")
        person.sees("And a receipt on paper.")
        person.sees("[a]pprove")
        person.types("nonsense")
        person.sees("[a]pprove")
        person.types("approve")
        person.sees("spec v2 approved")
        person.sees("Plan v1 waits for your approval")
        person.sees("[a]pprove")
        person.types("s")
        person.sees("what should be different")
        person.types("Smaller steps, please")
        person.sees("the plan is written anew")
        person.sees("Plan v2 waits for your approval")
        person.sees("[a]pprove")
        person.types("a")
        person.sees("Round in whose favour?")
        person.sees("your choice")
        person.types("7")
        person.sees("'7' is not one of the options")
        person.types("1")
        person.sees("answered: The customer's")
        person.sees("The work waits for your review")
        person.sees("[d]iff")
        person.types("d")
        person.sees("class OutOfStock(Exception):")
        person.sees("[a]pprove")
        person.types("a")
        person.sees("landed as")
        assert person.ends() == exits.OK
    assert is_green(shop)


async def test_a_repository_that_wants_to_run_something_is_asked_about(tmp_path: Path) -> None:
    """No ends it before anything began; yes is kept for this content, and the runner takes it from there."""
    shop = make_shop(tmp_path)
    asks = {"trust_repository": "ask"}
    async with LocalInstallation(tmp_path, profiles={"play": shop.profile}, runner=asks) as local:
        person = Terminal(local, shop, "run", "Mend the shop", "--agent", "play")
        person.sees("this repository wants to run")
        person.sees("python3 check.py")
        person.sees("trust it? y/N")
        person.types("")
        person.sees("not trusted: nothing was begun")
        assert person.ends() == exits.REFUSED
        again = Terminal(local, shop, "run", "Mend the shop", "--agent", "play")
        again.sees("trust it? y/N")
        again.types("y")
        again.sees("Spec v1 waits for your approval")
        again.presses_control_c()
        assert again.ends() == exits.OK
        once = Terminal(local, shop, "run", "Once more", "--agent", "play", "-d")
        once.sees("is on its way")
        assert once.ends() == exits.OK


async def test_control_c_detaches_and_says_how_to_return(tmp_path: Path) -> None:
    """Ctrl-C at a question or between leaves the pod going; `watch` comes back to the same question."""
    shop = make_shop(tmp_path)
    async with LocalInstallation(tmp_path, profiles={"play": shop.profile}) as local:
        person = Terminal(local, shop, "run", "Mend the shop", "--agent", "play")
        person.sees("[a]pprove")
        person.presses_control_c()
        person.sees("podium watch 1")
        assert person.ends() == exits.OK
        again = Terminal(local, shop, "watch")
        again.sees("Spec v1 waits for your approval")
        again.sees("[a]pprove")
        Terminal(local, shop, "approve", "1").sees("spec v1 approved")
        again.sees("Plan v1 waits for your approval")
        again.sees("[a]pprove")
        again.types("later")
        Terminal(local, shop, "cancel", "1", "--reason", "enough").sees("is cancelled")
        again.sees("cancelled: enough")
        assert again.ends() == exits.NOT_LANDED
