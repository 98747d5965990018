"""`podium run` as a person has it: a pseudo-terminal, questions, an editor, Ctrl-C."""

import stat
from pathlib import Path

import pytest

from podium.cli import exits
from tests.support.at_a_terminal import AtATerminal
from tests.support.installation import LocalInstallation
from tests.support.shop import Shop, is_green, make_shop

pytestmark = pytest.mark.timeout(240)

CONTROL_C = "\x03"
QUESTION = '{ question = "Round in whose favour?", options = ["The customer\'s", "Ours"], key = "round" }'


def at_work(local: LocalInstallation, shop: Shop, *words: str, **environment: str) -> AtATerminal:
    """`podium …` in the shop's repository."""
    return AtATerminal(local.installation, shop.repository, *words, size=(50, 140), environment=environment)


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
        person = at_work(local, shop, "run", "Mend the shop", "--agent", "play", EDITOR=editor(tmp_path))
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
        person = at_work(local, shop, "run", "Mend the shop", "--agent", "play")
        person.sees("this repository wants to run")
        person.sees("python3 check.py")
        person.sees("trust it? y/N")
        person.types("")
        person.sees("not trusted: nothing was begun")
        assert person.ends() == exits.REFUSED
        again = at_work(local, shop, "run", "Mend the shop", "--agent", "play")
        again.sees("trust it? y/N")
        again.types("y")
        again.sees("Spec v1 waits for your approval")
        again.presses(CONTROL_C)
        assert again.ends() == exits.OK
        once = at_work(local, shop, "run", "Once more", "--agent", "play", "-d")
        once.sees("is on its way")
        assert once.ends() == exits.OK


async def test_control_c_detaches_and_says_how_to_return(tmp_path: Path) -> None:
    """Ctrl-C at a question or between leaves the pod going; `watch` comes back to the same question."""
    shop = make_shop(tmp_path)
    async with LocalInstallation(tmp_path, profiles={"play": shop.profile}) as local:
        person = at_work(local, shop, "run", "Mend the shop", "--agent", "play")
        person.sees("[a]pprove")
        person.presses(CONTROL_C)
        person.sees("podium watch 1")
        assert person.ends() == exits.OK
        again = at_work(local, shop, "watch")
        again.sees("Spec v1 waits for your approval")
        again.sees("[a]pprove")
        at_work(local, shop, "approve", "1").sees("spec v1 approved")
        again.sees("Plan v1 waits for your approval")
        again.sees("[a]pprove")
        again.types("later")
        at_work(local, shop, "cancel", "1", "--reason", "enough").sees("is cancelled")
        again.sees("cancelled: enough")
        assert again.ends() == exits.NOT_LANDED
