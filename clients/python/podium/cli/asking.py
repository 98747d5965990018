"""The inline questions of `podium run` and `podium watch`: show what waits, take the answer, carry it out."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from podium.cli import actions
from podium.cli.exits import CliError
from podium.cli.failures import explain
from podium.cli.terminal import Lines, edit
from podium.cli.views import plan_text
from podium.client.errors import PodiumError

if TYPE_CHECKING:
    from rich.console import Console

    from podium.cli.views.decisions import Decision
    from podium.client.connection import Podium
    from podium.pods.v1 import pod_pb2

_CHOICES = {
    "spec": ("approve", "edit", "send back", "later"),
    "plan": ("approve", "edit", "send back", "later"),
    "review": ("approve", "diff", "send back", "later"),
    "workstream": ("retry", "skip", "later"),
    "document": ("retry", "edit", "later"),
    "landing": ("land", "later"),
}


Step = Callable[["Decision", "pod_pb2.Pod"], Awaitable[str | None]]


class Asker:
    """Asks on a terminal. One question at a time; `ask` may be cancelled when the question is no longer one."""

    def __init__(self, podium: "Podium", console: "Console", lines: Lines) -> None:
        self._podium = podium
        self._console = console
        self._lines = lines

    async def ask(self, decision: "Decision", pod: "pod_pb2.Pod") -> bool:
        """Asks until something was decided and done: True; False where the person wants to decide later."""
        from rich.text import Text

        self._show(decision)
        while True:
            try:
                done = await self._once(decision, pod)
            except (CliError, PodiumError) as error:
                problem = explain(error) if isinstance(error, PodiumError) else error
                hint = f"\n{problem.hint}" if problem.hint else ""
                self._console.print(Text.assemble((problem.message, "red"), hint), highlight=False)
                continue
            if done is not None:
                self._console.print(Text.assemble(("✓ ", "green"), done) if done else Text("later", "dim"))
                return bool(done)

    def _show(self, decision: "Decision") -> None:
        from rich.markdown import Markdown
        from rich.rule import Rule
        from rich.text import Text

        self._console.print(Rule(decision.title, style="cyan", align="left"))
        if decision.body.strip():
            self._console.print(Markdown(decision.body))
        for index, option in enumerate(decision.options, start=1):
            self._console.print(Text.assemble((f"  {index} ", "cyan"), option))

    async def _once(self, decision: "Decision", pod: "pod_pb2.Pod") -> str | None:
        """What was done; empty for "later"; None where nothing was decided yet."""
        if decision.kind == "question":
            text = await self._line(
                "your answer (empty: later)" if not decision.options else "your choice (empty: later)"
            )
            return await actions.answer(self._podium, pod.pod_id, decision, text) if text else ""
        choices = _CHOICES[decision.kind]
        text = await self._line("  ".join(f"[{choice[0]}]{choice[1:]}" for choice in choices))
        found = [choice for choice in choices if text and choice.startswith(text.casefold())]
        if not found:
            return None
        return await self._carry_out(found[0], decision, pod)

    async def _carry_out(self, choice: str, decision: "Decision", pod: "pod_pb2.Pod") -> str | None:
        if choice == "later":
            return ""
        if choice == "diff":
            await self._diff(pod)
            return None
        steps: dict[str, Step] = {
            "approve": lambda decision, pod: actions.approve(self._podium, pod.pod_id, decision),
            "land": lambda _, pod: actions.land(self._podium, pod.pod_id),
            "edit": self._edit,
            "send back": self._send_back,
            "retry": self._write_again if decision.kind == "document" else self._retry,
            "skip": self._skip,
        }
        return await steps[choice](decision, pod)

    async def _write_again(self, decision: "Decision", pod: "pod_pb2.Pod") -> str:
        words = await self._line("what should be different (may be empty)")
        return await actions.send_back(self._podium, pod, decision, words, ())

    async def _retry(self, decision: "Decision", pod: "pod_pb2.Pod") -> str:
        words = await self._line("what to tell it (may be empty)")
        return await actions.retry(self._podium, pod.pod_id, decision.subject, words)

    async def _skip(self, decision: "Decision", pod: "pod_pb2.Pod") -> str:
        return await actions.skip(self._podium, pod.pod_id, decision.subject, await self._line("why"))

    async def _edit(self, decision: "Decision", pod: "pod_pb2.Pod") -> str | None:
        if "plan" in {decision.kind, decision.subject}:
            if text := await edit(plan_text.to_text(pod.plan), ".toml"):
                return await actions.submit_plan(self._podium, pod, text)
        elif text := await edit(pod.spec.content, ".md"):
            return await actions.submit_spec(self._podium, pod, text)
        self._console.print("nothing changed", style="dim")
        return None

    async def _send_back(self, decision: "Decision", pod: "pod_pb2.Pod") -> str | None:
        targets = [each.id for each in sorted(pod.workstreams, key=lambda each: each.position)]
        if decision.kind == "review" and len(targets) > 1:
            listed = ", ".join(f"{index} {target}" for index, target in enumerate(targets, start=1))
            chosen = await self._line(f"which workstreams ({listed}; empty: none)")
            targets = chosen.replace(",", " ").split()
            if not targets:
                return None
        words = await self._line("what should be different")
        return await actions.send_back(self._podium, pod, decision, words, targets) if words else None

    async def _diff(self, pod: "pod_pb2.Pod") -> None:
        from podium.cli.diffs import fetch
        from podium.cli.views.diff import render

        diff = await fetch(self._podium, pod.pod_id, "")
        self._console.print(render(diff.text))

    async def _line(self, prompt: str) -> str:
        self._console.print(f"{prompt} > ", end="", markup=False, highlight=False, style="bold")
        line = await self._lines.read()
        return "later" if line is None else line.strip()
