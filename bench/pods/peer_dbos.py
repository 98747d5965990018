"""DBOS on SQLite: a workflow with one step, 64 at a time; prints `{"rate": …}`. Runs in the peers' environment."""

import asyncio
import json
import sys
import time

from dbos import DBOS  # type: ignore[import-not-found]

IN_FLIGHT, SECONDS = 64, 3.0


@DBOS.step()  # type: ignore[untyped-decorator]
async def step(words: str) -> int:
    """What a command would do."""
    return len(words)


@DBOS.workflow()  # type: ignore[untyped-decorator]
async def workflow(words: str) -> int:
    """Durable: its start, its step and its end are rows."""
    length: int = await step(words)
    return length


async def main() -> None:
    """Closed loop."""
    done = 0
    begin = time.perf_counter()

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() - begin < SECONDS:
            await workflow("The sums of the first column are right now.")
            done += 1

    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    print(json.dumps({"rate": done / (time.perf_counter() - begin)}), flush=True)


if __name__ == "__main__":
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{sys.argv[1]}", "run_admin_server": False})
    DBOS.launch()
    asyncio.run(main())
    DBOS.destroy()
