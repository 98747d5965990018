"""Writes `podium.client.reasons`: an exception for each ErrorReason, with the proto's comment as its docstring.

And docs/client-errors.md: all of them in a table.

`make reasons`. A test compares what this makes with what is committed.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "protos/podium/common/v1/error_reason.proto"
PACKAGE = ROOT / "clients/python/podium/client/reasons"
PAGE = ROOT / "docs/client-errors.md"

AREAS = {0: "common", 1: "events", 2: "pods", 3: "tasks", 4: "gateway"}
"""The module of each hundred of numbers; what comes later goes into the last one of them."""

FAMILIES = {
    "INVALID_FIELD": "InvalidArgumentError",
    "REQUEST_ID_REUSED": "InvalidArgumentError",
    "MALFORMED_REQUEST": "InvalidArgumentError",
    "INVALID_PAGE_TOKEN": "InvalidArgumentError",
    "INVALID_CHOICE": "InvalidArgumentError",
    "EMPTY_CONTENT": "InvalidArgumentError",
    "CONTENT_TOO_LONG": "InvalidArgumentError",
    "TOO_MANY_ENTRIES": "InvalidArgumentError",
    "DEPENDENCY_CYCLE": "InvalidArgumentError",
    "UNKNOWN_DEPENDENCY": "InvalidArgumentError",
    "POLICY_INVALID": "InvalidArgumentError",
    "EVENT_ID_REUSED": "InvalidArgumentError",
    "CALLER_NOT_ALLOWED": "PermissionDeniedError",
    "FOREIGN_HOST": "PermissionDeniedError",
    "FOREIGN_ORIGIN": "PermissionDeniedError",
    "NOT_FOR_BROWSERS": "PermissionDeniedError",
    "TOKEN_SPENT": "UnauthenticatedError",
    "NOT_OWNER": "UnavailableError",
    "NOT_READY": "UnavailableError",
    "OUTCOME_UNKNOWN": "UnavailableError",
    "STORAGE_UNAVAILABLE": "UnavailableError",
    "STORAGE_FULL": "ExhaustedError",
    "STORAGE_DAMAGED": "UnavailableError",
    "MAILBOX_FULL": "ExhaustedError",
    "CONSUMER_TOO_SLOW": "ExhaustedError",
    "TOO_MANY_REQUESTS": "ExhaustedError",
    "RESUME_POINT_TRUNCATED": "OutOfRangeError",
    "DEADLINE_EXCEEDED": "DeadlineError",
    "REVISION_CONFLICT": "AbortedError",
    "FENCED": "AbortedError",
    "WORKSTREAM_EXISTS": "AlreadyExistsError",
    "ALREADY_LINKED": "AlreadyExistsError",
    "PLAN_ALREADY_EXISTS": "PreconditionError",
}
"""The family of each reason that its name does not tell; a reason that is in no family is a PreconditionError."""
SAME_AS_FAMILY = {"UNAUTHENTICATED": "UnauthenticatedError", "INTERNAL": "InternalError"}


@dataclass(frozen=True)
class Reason:
    """One value of the enum."""

    name: str
    number: int
    comment: str

    @property
    def class_name(self) -> str:
        return SAME_AS_FAMILY.get(self.name) or self.name.title().replace("_", "") + "Error"

    @property
    def family(self) -> str:
        if self.name in FAMILIES:
            return FAMILIES[self.name]
        if self.name.endswith("_NOT_FOUND"):
            return "NotFoundError"
        return "AlreadyExistsError" if self.name.endswith("_ALREADY_EXISTS") else "PreconditionError"

    @property
    def area(self) -> str:
        return AREAS[min(self.number // 100, max(AREAS))]


def read() -> Iterator[Reason]:
    """The reasons, in the order of the file."""
    comment: list[str] = []
    for line in PROTO.read_text().splitlines():
        if text := re.match(r"\s*//\s?(.*)", line):
            comment.append(text[1])
        elif value := re.match(r"\s*ERROR_REASON_(\w+) = (\d+);", line):
            if value[2] != "0":
                yield Reason(value[1], int(value[2]), " ".join(comment))
            comment = []
        else:
            comment = []


def module(area: str, reasons: list[Reason]) -> str:
    """The source of one area's module."""
    own = [each for each in reasons if each.name not in SAME_AS_FAMILY]
    families = sorted(
        {"PodiumError"} | {each.family for each in own} | {SAME_AS_FAMILY[e.name] for e in reasons if e not in own}
    )
    imports = f"from podium.client.families import {', '.join(families)}"
    if len(imports) > 120:
        imports = "from podium.client.families import (\n" + "".join(f"    {each},\n" for each in families) + ")"
    parts = [f'"""What can go wrong: {area}. Made by protos/tools/error_classes.py (`make reasons`)."""\n\n{imports}\n']
    for each in own:
        words = f'"""{each.comment}"""'
        if len(words) > 116:
            cause, _, rest = each.comment.partition(" · ")
            words = f'"""{cause}.\n\n' + textwrap.fill(rest, 116) + '\n"""'
        doc = textwrap.indent(words, "    ")
        parts.append(f"\n\nclass {each.class_name}({each.family}):\n{doc}\n")
    table = "".join(f'    "{each.name}": {each.class_name},\n' for each in reasons)
    parts.append(f"\n\n_BY_REASON: dict[str, type[PodiumError]] = {{\n{table}}}\n")
    return "".join(parts)


_HEAD = """# Every error of the client

Made by `make reasons` from `podium/common/v1/error_reason.proto`. How they are caught: [the client](client.md#errors).
Exceptions are in `podium.client.reasons`, families (one for each code of gRPC) in `podium.client.errors`.
"""


_COLUMNS = "| exception | family | cause | metadata | remedy |\n|---|---|---|---|---|\n"


def page(reasons: list[Reason]) -> str:
    """The page with all exceptions, a table for each area."""
    parts = [_HEAD]
    for area in AREAS.values():
        parts.append(f"\n## {area.title()}\n\n{_COLUMNS}")
        for each in (reason for reason in reasons if reason.area == area):
            cause, metadata, remedy = each.comment.rstrip(".").split(" · ")
            family = "PodiumError" if each.name in SAME_AS_FAMILY else each.family
            parts.append(f"| `{each.class_name}` | `{family}` | {cause} | {metadata} | {remedy} |\n")
    return "".join(parts)


def sources() -> dict[Path, str]:
    """Every file of the package, and the page."""
    reasons = list(read())
    files: dict[Path, str] = {PAGE: page(reasons)}
    for area in AREAS.values():
        files[PACKAGE / f"{area}.py"] = module(area, [each for each in reasons if each.area == area])
    return files


if __name__ == "__main__":
    for path, source in sources().items():
        path.write_text(source)
