"""The callers of appends, in a process of their own and on the event loop that services run on: they are the callers.

`python -m bench.events.caller DATA_DIR TOKEN shared|bulk`: prints one JSON object, `rate` (a second) and `cpu_us` (of
this process, for each append or event; making the events is in it).
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

import podium.chassis.polling  # noqa: F401 - before gRPC
from bench.events import ours
from bench.events.serving import Served
from podium.client.connection import Podium
from podium.client.installation import Installation


async def rate(served: Served, what: str) -> float:
    """Appends or events a second. Raises RuntimeError where the callers fail."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.events.caller"),
        *(str(served.settings.data_dir), served.podium._caller.token, what),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the callers of {what} ended with {process.returncode}")
    return float(json.loads(told)["rate"])


async def main() -> None:
    """Call for a while, tell."""
    folder, token, what = sys.argv[1:]
    async with Podium.connect(installation=Installation(Path(folder)), token=token) as podium:
        await ours.one(podium)
        begin = time.process_time()
        if what == "shared":
            load = await ours.shared_stream(podium)
            result, count = load.rate, load.calls
        else:
            result, count = await ours.bulk(podium)
        print(json.dumps({"rate": result, "cpu_us": (time.process_time() - begin) / count * 1e6}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
