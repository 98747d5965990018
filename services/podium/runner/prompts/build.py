"""What goes into an agent's instructions, from the pod as it stood at the claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.pods.v1.pod_pb2 import AGENT_KIND_PLANNER, AGENT_KIND_SPEC_WRITER, AgentKind, Pod
from podium.runner.prompts import Template, sections
from podium.runner.prompts.reporting import Speech, checks_help

NAMES: dict["AgentKind.ValueType", str] = {
    value.number: value.name.removeprefix("AGENT_KIND_").lower()  # type: ignore[misc]
    for value in AgentKind.DESCRIPTOR.values
    if value.number
}
"""`spec_writer`, `planner`, `worker`, `reviewer`, `resolver` by kind."""

PLACES: Mapping[str, str] = {
    "title": "the task's title",
    "request": "the task, as people wrote it",
    "spec": "the approved spec; before there is one, the request",
    "start_commit": "the commit that the working directory started from",
    "base_commit": "the commit that the pod's work started from",
    "branch": "the agent's branch (worker, resolver)",
    "attempt": "which attempt at the workstream it is, from 1",
    "workstream_id": "the workstream's id (worker, resolver)",
    "workstream_title": "its title",
    "workstream": "what its agent is to do",
    "conflict_branch": "the branch that conflicts (resolver)",
    "conflict_paths": "the paths that conflict, as a list (resolver)",
    "port_base": "the first of the worktree's own ports",
    "port_last": "the last one",
    "checks_help": "a sentence with the repository's checks",
    "comment_help": "the call that posts a comment on lines of a file",
    "feedback_section": "what people want changed, with file and lines; nothing at first",
    "previous_section": "why the attempt before failed, with the output of its checks; nothing at first",
    "answers_section": "questions of earlier attempts, with their answers; nothing where there are none",
    "dependencies_section": "the results of the workstreams that this one builds on; nothing where there are none",
    "workstreams_section": "the results of all finished workstreams",
    "current_spec_section": "the spec as it stands; nothing before the first",
    "current_plan_section": "the plan as it stands; nothing before the first",
    "submit_help": "how to hand the document in (spec_writer, planner)",
    "report_help": "the section on reporting: tools or commands, as the agent's profile has them",
}
"""Every place of a template, and what stands there."""

_DOCUMENT_KINDS = (AGENT_KIND_SPEC_WRITER, AGENT_KIND_PLANNER)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside the pod."""

    kind: "AgentKind.ValueType"
    workstream_id: str
    attempt: int
    branch: str
    start_commit: str
    base_commit: str
    conflict_branch: str
    port_base: int
    checks: Sequence[str]
    """The repository's checks, as a person would type them."""
    by_exit: bool
    """The exit status is the result (`result = "exit"`)."""
    by_stdout: bool
    """What it prints at the end is its output."""
    by_tools: bool = False
    """Its session has Podium's MCP tools."""

    @property
    def speech(self) -> Speech:
        """How it speaks."""
        return Speech(self.kind, self.by_tools, self.by_exit, self.by_stdout)


def instructions(template: Template, pod: Pod, situation: Situation) -> str:
    """The instructions of an agent. Raises SetupError for a template with a place that nobody knows.

    How to report, and how to hand a document in, is said at the end where a template does not place it: without that
    nothing that the agent does would count.
    """
    values = _values(pod, situation)
    text = template.fill(values)
    wanted = ("submit_help", "report_help") if situation.kind in _DOCUMENT_KINDS else ("report_help",)
    missing = [values[name] for name in wanted if name not in template.places]
    return "\n".join([text, *(f"{each.strip()}\n" for each in missing)])


def _values(pod: Pod, situation: Situation) -> dict[str, str]:
    workstream, speech = sections.workstream(pod, situation.workstream_id), situation.speech
    return {
        "title": pod.title,
        "request": pod.request,
        "spec": pod.spec.content or pod.request,
        "start_commit": situation.start_commit[:12],
        "base_commit": situation.base_commit[:12],
        "branch": situation.branch,
        "attempt": str(situation.attempt),
        "workstream_id": situation.workstream_id,
        "workstream_title": workstream.title,
        "workstream": workstream.spec or workstream.title,
        "conflict_branch": situation.conflict_branch,
        "conflict_paths": sections.conflict_paths(workstream),
        "port_base": str(situation.port_base),
        "port_last": str(situation.port_base + 19),
        "checks_help": checks_help(situation.checks),
        "comment_help": speech.comment_help(),
        "feedback_section": sections.feedback(pod, situation.kind, workstream),
        "previous_section": sections.previous(pod, situation.kind, workstream),
        "answers_section": sections.answers(pod, situation.workstream_id),
        "dependencies_section": sections.dependencies(pod, workstream),
        "workstreams_section": sections.workstreams(pod),
        "current_spec_section": sections.section("The spec as it stands", pod.spec.content),
        "current_plan_section": sections.section("The plan as it stands", sections.plan_text(pod)),
        "submit_help": speech.submit_help(),
        "report_help": speech.report_help(),
    }
