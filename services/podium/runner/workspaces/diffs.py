"""Diffs for the review, bounded: of the whole pod, and of each workstream."""

from collections.abc import Sequence
from dataclasses import dataclass

from podium.runner.workspaces.git import Git

DIFF_BYTES = 4 * 1024 * 1024
PART_BYTES = 256 * 1024
_STAT_BYTES = 64 * 1024

_PLAIN = (
    *("-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false", "-c", "core.attributesFile=/dev/null"),
    *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--submodule=short"),
)


@dataclass(frozen=True, slots=True)
class Diff:
    """A unified diff in parts of at most 256 KiB, its `--stat`, and whether it was longer than what is kept."""

    parts: tuple[bytes, ...]
    stat: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Size:
    """Files changed, lines added and removed; binary files count as files."""

    files: int
    insertions: int
    deletions: int


async def make_diff(git: Git, ranges: Sequence[tuple[str, str]], limit: int = DIFF_BYTES) -> Diff:
    """The diffs of some ranges (older, newer), one after another."""
    kept, stats, truncated = bytearray(), [], False
    for older, newer in ranges:
        data, more = await git.read_up_to(max(limit - len(kept), 0), *_PLAIN, older, newer)
        kept += data
        truncated |= more
        stat, _ = await git.read_up_to(_STAT_BYTES, *_PLAIN, "--stat=100", older, newer)
        stats.append(stat.decode(errors="replace"))
    parts = tuple(bytes(kept[i : i + PART_BYTES]) for i in range(0, len(kept), PART_BYTES)) or (b"",)
    return Diff(parts, "".join(stats)[:_STAT_BYTES], truncated)


async def measure(git: Git, older: str, newer: str) -> Size:
    """How large a change is."""
    listed = await git.run(*_PLAIN, "--no-renames", "--numstat", "-z", older, newer)
    rows = [entry.split("\t") for entry in listed.fields]
    numbers = [(int(a), int(d)) for a, d, _ in rows if a != "-"]
    return Size(len(rows), sum(a for a, _ in numbers), sum(d for _, d in numbers))
