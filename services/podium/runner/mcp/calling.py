"""A tool's call, done by `AgentService` itself: the same identity, the same field rules, the same code."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from podium.agents.v1.agent_service_pb2_grpc import AgentServiceServicer
from podium.chassis.identity import set_current_identity
from podium.chassis.interceptors.validation import validate
from podium.kernel.errors import Kind, Rejection, Violation, invalid, not_found
from podium.kernel.identity import Identity
from podium.runner.agents.live import LiveAgent
from podium.runner.mcp.tools import TOOLS, Said, refusal
from podium.runner.verbs import BY_TOOL, offered

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool says, and whether that is a refusal."""

    said: Said
    refused: bool = False


async def call_tool(
    service: AgentServiceServicer,
    identity: Identity,
    agent: LiveAgent | None,
    name: str,
    given: Mapping[str, Any],
) -> Outcome:
    """Call a tool for an agent; a refusal says its reason and what to do."""
    try:
        return Outcome(await _call(service, identity, agent, name, given))
    except Rejection as rejection:
        return Outcome(refusal(rejection), refused=True)
    except Exception:
        _log.exception("tool %s for %s", name, identity)
        hidden = Rejection(Kind.UNAVAILABLE, "INTERNAL", "the runner failed; its log says why")
        return Outcome(refusal(hidden), refused=True)


async def _call(
    service: AgentServiceServicer, identity: Identity, agent: LiveAgent | None, name: str, given: Mapping[str, Any]
) -> Said:
    if agent is None:
        raise not_found("AGENT_NOT_FOUND", "this agent does not live here (any more)", agent_id=identity.name)
    kind, verb = agent.record.order.launch.kind, BY_TOOL.get(name)
    if verb is None or not verb.is_for(kind):
        known = ", ".join(each.tool for each in offered(kind))
        raise invalid("name", f"there is no tool {name!r} for you; there are {known}")
    tool = TOOLS[name]
    try:
        request = tool.arguments.model_validate(dict(given)).request()
    except ValidationError as error:
        raise _wrong(error) from error
    validate(request)
    set_current_identity(identity)
    return tool.answer(await getattr(service, verb.rpc)(request, None))


def _wrong(error: ValidationError) -> Rejection:
    violations = [Violation(_path(each["loc"]), each["msg"]) for each in error.errors()[:20]]
    first = violations[0]
    text = f"{first.field}: {first.description}"
    return Rejection(Kind.INVALID_ARGUMENT, "INVALID_FIELD", text, violations=violations)


def _path(location: tuple[int | str, ...]) -> str:
    """`items[3].id`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "arguments"
