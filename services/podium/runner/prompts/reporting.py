"""How agents are told to speak: by MCP tools in a session that has them, else by `podium agent …`."""

from collections.abc import Sequence
from dataclasses import dataclass

from podium.pods.v1.pod_pb2 import AGENT_KIND_SPEC_WRITER, AgentKind
from podium.runner.verbs import BY_TOOL, VERBS

_WHAT = {
    "report_progress": ("text", '"one line"', "what you are doing; at each larger step."),
    "update_checklist": ("items", '"done: …" "doing: …" "todo: …"', "your list, whole, when it changes."),
    "ask_human": (
        "question, key, options",
        '"question" --key short-name [--option A --option B]',
        "ask the people. Where the answer is pending, end your turn: you are started again with the answer.",
    ),
    "post_message": (
        "content, kind",
        '"text"',
        "say something that stays. Of the kind `blocker`{}: you cannot go on.",
    ),
    "list_context": ("", "", "these instructions again, and what people said to you meanwhile."),
    "fail": ("reason", '"reason"', "it cannot be done; then end."),
    "complete": ("summary", '"summary"', "you are done; then end. Without it nothing counts."),
}
"""By tool: its arguments, the words of the command line, and what it is for. Documents have a section of their own."""
_ORDER = ("report_progress", "update_checklist", "ask_human", "post_message", "list_context", "fail", "complete")
_MORE = {"post_message": (", `kind: blocker`", ", with `--kind blocker`")}


@dataclass(frozen=True, slots=True)
class Speech:
    """How an agent of a profile speaks."""

    kind: "AgentKind.ValueType"
    by_tools: bool
    """Its session has Podium's MCP tools."""
    by_exit: bool
    """The exit status is the result (`result = "exit"`)."""
    by_stdout: bool
    """What it prints at the end is its output."""

    def call(self, tool: str, words: str = "", values: str = "") -> str:
        """A call as it is written down: the tool with its arguments, or the command with its words."""
        if self.by_tools:
            return f"`{tool}({values})`" if values else f"`{tool}`"
        return f"`podium agent {BY_TOOL[tool].command}{' ' if words else ''}{words}`"

    def report_help(self) -> str:
        """The section on reporting."""
        start = (
            "Podium's MCP tools (the server `podium`) speak for you; some agents show a prefix before their names:"
            if self.by_tools
            else "The command `podium agent` is on your PATH and speaks for you:"
        )
        lines = ["## How to report", "", start, ""]
        lines += [self._line(tool) for tool in _ORDER if self._says(tool)]
        if self.by_exit:
            lines.append("- When you are done, end with a short summary of what you did.")
        if self.by_tools:
            lines += ["", "Where the tools are missing, the command `podium agent` on your PATH does the same."]
        return "\n".join(lines)

    def _says(self, tool: str) -> bool:
        return BY_TOOL[tool].is_for(self.kind) and not (tool == "complete" and self.by_exit)

    def _line(self, tool: str) -> str:
        values, words, what = _WHAT[tool]
        return f"- {self.call(tool, words, values)}: {what.format(_MORE.get(tool, ('', ''))[not self.by_tools])}"

    def submit_help(self) -> str:
        """How to hand the document in."""
        is_spec = self.kind == AGENT_KIND_SPEC_WRITER
        what, values = ("spec", "content") if is_spec else ("plan", "summary, items")
        call = self.call(f"submit_{what}", "FILE", values)
        if not self.by_exit:
            how = "" if self.by_tools else " (or by standard input)"
            return f"{call}{how}; what is wrong with it is said, and you can mend it."
        where = (
            f"your last message: print the {what} there, and nothing else"
            if self.by_stdout
            else "the file named by `$PODIUM_OUTPUT`"
        )
        return f"The {what} is what you leave in {where}. (Or: {call}.)"

    def comment_help(self) -> str:
        """How a reviewer points at lines."""
        words = '--kind review_comment --at src/a.py:12-14 "what is wrong"'
        return self.call("post_message", words, "content, kind: review_comment, path, first_line, last_line")

    def reminder(self) -> str:
        """For an agent whose turn ended without a word."""
        complete, fail = self.call("complete", '"summary"', "summary"), self.call("fail", '"reason"', "reason")
        return (
            f"Your last turn ended without a result. If you are done, say {complete}; if it cannot be done, {fail}; "
            "otherwise go on, and say one of them at the end."
        )


def checks_help(checks: Sequence[str]) -> str:
    """What has to pass."""
    if not checks:
        return "Run the project's tests before you say that you are done."
    shown = ", ".join(f"`{line}`" for line in checks)
    return f"Your work counts only if these pass in your worktree, so run them first: {shown}."


assert {*_WHAT, "submit_spec", "submit_plan"} == {verb.tool for verb in VERBS}
