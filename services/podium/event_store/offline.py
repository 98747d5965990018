"""`python -m podium.event_store.offline`: work on a store that nobody serves. Answers with one JSON object.

`verify [--file COPY]`, `backup PATH`, `restore COPY [--replace]`. Exit status 5 and a sentence on standard error: it
was refused; nothing was changed.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from podium.chassis.settings import load
from podium.event_store.adapters import restoring
from podium.event_store.adapters.storage import choose
from podium.kernel.errors import Rejection

REFUSED = 5


async def _verify(address: str) -> dict[str, Any]:
    log, _ = choose(address)
    await log.open()
    try:
        first, checked = 0, 0
        while True:
            count, last, end, damage = await log.verify(first)
            checked += count
            if end:
                return {"checked": checked, "damage": damage, "damaged_position": last if damage else 0}
            first = last + 1
    finally:
        await log.close()


async def _backup(address: str, path: str) -> dict[str, Any]:
    log, _ = choose(address)
    await log.open()
    try:
        return {"last_position": await log.backup(path)}
    finally:
        await log.close()


async def _restore(address: str, copy: Path, replace: bool) -> dict[str, Any]:
    damage = restoring.verify_copy(copy)["damage"]
    if damage:
        raise RuntimeError(f"{copy} is damaged: {damage}")
    if address.startswith("sqlite:"):
        position, aside = restoring.restore_file(copy, _file_of(address), replace=replace)
        return {"last_position": position, "aside": aside}
    from podium.event_store.adapters.postgres import transfer

    return {"last_position": await transfer.restore(address, copy), "aside": ""}


def _file_of(address: str) -> Path:
    return Path("/" + address.partition("://")[2].lstrip("/"))


def _run(options: argparse.Namespace) -> dict[str, Any]:
    settings = load("event-store", ["--data-dir", str(options.data_dir)] if options.data_dir else [])
    address = settings.store or f"sqlite://{settings.installation.store_path}"
    if options.work == "verify" and options.file:
        return restoring.verify_copy(options.file)
    if options.work != "restore" and address.startswith("sqlite:") and not _file_of(address).exists():
        raise RuntimeError(f"there is no store at {_file_of(address)}")
    if options.work == "verify":
        return asyncio.run(_verify(address))
    if options.work == "backup":
        return asyncio.run(_backup(address, options.path))
    return asyncio.run(_restore(address, options.copy, options.replace))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="podium.event_store.offline", description=__doc__)
    parser.add_argument("--data-dir", type=Path)
    works = parser.add_subparsers(dest="work", required=True)
    works.add_parser("verify").add_argument("--file", type=Path)
    works.add_parser("backup").add_argument("path")
    restore = works.add_parser("restore")
    restore.add_argument("copy", type=Path)
    restore.add_argument("--replace", action="store_true")
    try:
        print(json.dumps(_run(parser.parse_args(arguments))))
    except (RuntimeError, OSError, Rejection) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
