"""Restate's side: `serve PORT` is a virtual object; `load INGRESS` calls it and prints its figures as JSON.

Runs in the peers' environment.
"""

import asyncio
import json
import sys
import time
from typing import Any

IN_FLIGHT, SECONDS, LONE_SECONDS = 64, 3.0, 1.5
WORDS = "The sums of the first column are right now."


def serve(port: int) -> None:
    """A virtual object that keeps what is posted to it, as a pod keeps messages."""
    import hypercorn.asyncio  # type: ignore[import-not-found]
    import hypercorn.config  # type: ignore[import-not-found]
    import restate  # type: ignore[import-not-found]

    pod = restate.VirtualObject("Pod")

    @pod.handler("post")  # type: ignore[untyped-decorator]
    async def post(ctx: Any, words: str) -> int:
        count = (await ctx.get("count") or 0) + 1
        ctx.set("count", count)
        ctx.set("newest", words)
        return int(count)

    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{port}"]
    asyncio.run(hypercorn.asyncio.serve(restate.app(services=[pod]), config))


async def load(ingress: str) -> None:
    """One caller, then 64, each with an object of its own."""
    import httpx  # type: ignore[import-not-found,unused-ignore]

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx.AsyncClient(base_url=ingress, limits=limits, timeout=30) as client:

        async def call(key: int) -> None:
            answer = await client.post(f"/Pod/{key}/post", json=WORDS)
            answer.raise_for_status()

        await call(0)
        taken: list[float] = []
        begin = time.perf_counter()
        while time.perf_counter() - begin < LONE_SECONDS:
            start = time.perf_counter()
            await call(0)
            taken.append(time.perf_counter() - start)
        done, begin = 0, time.perf_counter()

        async def caller(key: int) -> None:
            nonlocal done
            while time.perf_counter() - begin < SECONDS:
                await call(key)
                done += 1

        await asyncio.gather(*(caller(key) for key in range(1, IN_FLIGHT + 1)))
        rate = done / (time.perf_counter() - begin)
    lone = sorted(taken)[len(taken) // 2]
    print(json.dumps({"p50": lone, "lone": len(taken) / LONE_SECONDS, "rate": rate}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        asyncio.run(load(sys.argv[2]))
