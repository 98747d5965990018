"""What an agent can say and ask: the RPCs of `AgentService`, with the names by which agents call them.

An MCP tool (`ask_human`) and a word of the command line (`podium agent ask`) are two names of one RPC. Prompts, the
MCP server and the tests read this one page.
"""

from dataclasses import dataclass

from podium.pods.v1.pod_pb2 import (
    AGENT_KIND_PLANNER,
    AGENT_KIND_RESOLVER,
    AGENT_KIND_SPEC_WRITER,
    AGENT_KIND_WORKER,
    AgentKind,
)

_EVERYBODY: "frozenset[AgentKind.ValueType]" = frozenset()


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that an agent can do."""

    rpc: str
    tool: str
    """Its MCP tool."""
    command: str
    """Its word after `podium agent`."""
    kinds: "frozenset[AgentKind.ValueType]" = _EVERYBODY
    """Which kinds of agent it is for; empty: all."""

    def is_for(self, kind: "AgentKind.ValueType") -> bool:
        """Whether agents of a kind are offered it."""
        return not self.kinds or kind in self.kinds


VERBS = (
    Verb("ReportProgress", "report_progress", "progress"),
    Verb("UpdateChecklist", "update_checklist", "checklist", frozenset({AGENT_KIND_WORKER, AGENT_KIND_RESOLVER})),
    Verb("SubmitSpec", "submit_spec", "submit-spec", frozenset({AGENT_KIND_SPEC_WRITER})),
    Verb("SubmitPlan", "submit_plan", "submit-plan", frozenset({AGENT_KIND_PLANNER})),
    Verb("AskHuman", "ask_human", "ask"),
    Verb("PostMessage", "post_message", "post"),
    Verb("Complete", "complete", "complete"),
    Verb("Fail", "fail", "fail"),
    Verb("ListContext", "list_context", "context"),
)
BY_TOOL = {verb.tool: verb for verb in VERBS}


def offered(kind: "AgentKind.ValueType") -> tuple[Verb, ...]:
    """The verbs for a kind of agent, in their order."""
    return tuple(verb for verb in VERBS if verb.is_for(kind))
