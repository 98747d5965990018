"""Names that follow from the pod's id and counters, so that deciding needs no randomness."""

import re
import zlib

from podium.kernel.ids import derive

SLUG_LENGTH = 32
_MADE_HERE = re.compile(r"[a-z]+_[0-9a-z]{16}")


def short(pod_id: str) -> str:
    """Eight characters for branches and ids: the id's own tail where Podium made it, else a hash of what was chosen."""
    return pod_id[-8:] if _MADE_HERE.fullmatch(pod_id) else derive("pod", pod_id)[-8:]


def slug(title: str) -> str:
    """A title as part of a branch name: `[a-z0-9-]`, at most 32 characters, never empty."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:SLUG_LENGTH].strip("-") or "task"


def branch_prefix(pod_id: str, title: str) -> str:
    """The folder of the pod's branches."""
    return f"podium/{short(pod_id)}-{slug(title)}"


def attempt_branch(prefix: str, workstream_id: str, attempt: int) -> str:
    """The branch of one attempt."""
    return f"{prefix}/{workstream_id}.{attempt}"


def agent_id(pod_id: str, number: int) -> str:
    """The n-th agent of a pod."""
    return f"agent_{short(pod_id)}_{number}"


def job_id(pod_id: str, number: int) -> str:
    """The n-th job of a pod."""
    return f"job_{short(pod_id)}_{number}"


def number_of_job(pod_id: str, name: str) -> int:
    """Which job of the pod a name means; 0 where it is none."""
    head, _, tail = name.rpartition("_")
    return int(tail) if head == f"job_{short(pod_id)}" and tail.isascii() and tail.isdigit() else 0


def jitter(name: str) -> float:
    """A fraction in [0, 1) that belongs to a name."""
    return zlib.crc32(name.encode()) / 2**32
