"""What the gateway adds to a call, and what 200 open watches on it take.

`make bench-gateway`: a fresh installation; each call is made in turn straight to the service and through the gateway,
so that both meet the same machine at the same time. Reads /proc, so Linux only.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from bench.report import Row, report
from bench.start import podium, rss_mb
from podium.client import Podium, signin
from podium.client.installation import Installation
from podium.tasks.v1 import maestro_service_pb2 as tasks
from podium.web.v1 import web_service_pb2 as web
from tests.gateway.browser import Browser, Stream

CALLS = 1500
WARM_UP = 100
WATCHES = 200
PER_BROWSER = 50
MAESTRO = "/podium.tasks.v1.MaestroService"
PROTO = {"content-type": "application/proto"}


class KeptConnection:
    """Unary calls over one HTTP connection, as a browser keeps it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader = reader
        self._writer = writer
        self._head = head

    @classmethod
    async def open(cls, browser: Browser, path: str) -> "KeptConnection":
        host, _, port = browser.url.removeprefix("http://").rpartition(":")
        headers = {"host": f"{host}:{port}", **PROTO, **browser.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return cls(*await asyncio.open_connection(host, int(port)), f"POST {path} HTTP/1.1\r\n{lines}")

    async def call(self, body: bytes) -> bytes:
        self._writer.write(f"{self._head}content-length: {len(body)}\r\n\r\n".encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        if b"transfer-encoding: chunked" in head:
            answer = b""
            while size := int(await self._reader.readline(), 16):
                answer += (await self._reader.readexactly(size + 2))[:-2]
            await self._reader.readline()
            return answer
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return await self._reader.readexactly(int(length.split(b":")[1]))


async def added_ms(client: Podium, browser: Browser) -> tuple[list[float], list[float]]:
    """Milliseconds of each direct call, and of each through the gateway."""
    request = tasks.GetProjectRequest(project_id="bench")
    body = request.SerializeToString()
    kept = await KeptConnection.open(browser, f"{MAESTRO}/GetProject")
    direct, through = [], []
    for number in range(WARM_UP + CALLS):
        begin = time.perf_counter()
        await client.maestro.GetProject(request)
        between = time.perf_counter()
        answer = await kept.call(body)
        end = time.perf_counter()
        if number >= WARM_UP:
            direct.append((between - begin) * 1000)
            through.append((end - between) * 1000)
    assert tasks.GetProjectResponse.FromString(answer).project.id == "bench"
    return direct, through


async def open_watches(installation: Installation, url: str) -> list[Stream]:
    """200 tabs of four browsers, each with the board and a project."""
    request = web.WatchRequest()
    request.targets.add(target_id="board").board.SetInParent()
    request.targets.add(target_id="project").project.project_id = "bench"
    streams = []
    for _ in range(WATCHES // PER_BROWSER):
        browser = Browser(url)
        token = signin.make_one_time(installation.person_token())
        assert (await browser.call("/auth/session", {"token": token})).status == 200
        streams += [await browser.feed("/podium.web.v1.WebService/Watch", request) for _ in range(PER_BROWSER)]
    return streams


async def until_told(stream: Stream, title: str) -> float:
    """When the tab hears of the task."""
    while True:
        item = web.WatchResponse.FromString((await stream.frame())[1])
        if any(task.title == title for task in item.project.change.tasks):
            return time.perf_counter()


async def spread(client: Podium, streams: list[Stream]) -> list[float]:
    """Milliseconds from a call to each of the tabs; the first round warms up."""
    delays: list[float] = []
    for number in range(6):
        title = f"round {number}"
        waiting = [asyncio.ensure_future(until_told(stream, title)) for stream in streams]
        await asyncio.sleep(0.2)
        begin = time.perf_counter()
        await client.maestro.CreateTask(tasks.CreateTaskRequest(project_id="bench", title=title))
        told = await asyncio.gather(*waiting)
        if number:
            delays += [(each - begin) * 1000 for each in told]
    return delays


def gateway_mb(installation: Installation) -> float:
    """What the gateway's process takes now."""
    return rss_mb(int(json.loads(installation.gateway_file.read_text())["pid"]))


async def measure(data_dir: Path) -> list[Row]:
    installation = Installation(data_dir)
    gateway = signin.find_gateway(installation)
    assert gateway is not None
    async with Podium.connect(installation=installation) as client:
        await client.maestro.CreateProject(tasks.CreateProjectRequest(project_id="bench", repository="/bench"))
        idle = gateway_mb(installation)
        browser = Browser(gateway.url, {"authorization": f"Bearer {installation.person_token()}"})
        direct, through = await added_ms(client, browser)
        streams = await open_watches(installation, gateway.url)
        delays = await spread(client, streams)
        held = gateway_mb(installation)
        for stream in streams:
            stream.close()
    low, high = statistics.median(direct), statistics.median(through)
    p95 = statistics.quantiles(delays, n=20)[-1]
    added = high - low
    return [
        Row("unary call through it, p50", high, "ms", "straight", low, high / low),
        Row("added to a unary call, p50", added, "ms", target="<= 1.5", met=added <= 1.5),
        Row("memory when idle", idle, "MB", target="<= 60", met=idle <= 60),
        Row("memory with 200 open watches", held, "MB", target="<= 200", met=held <= 200),
        Row("a commit seen in 200 tabs, p95", p95, "ms"),
    ]


def main() -> None:
    """One installation, one run."""
    with tempfile.TemporaryDirectory(prefix="podium-bench-") as folder:
        data_dir = Path(folder) / "data"
        podium(data_dir, "up")
        try:
            report(asyncio.run(measure(data_dir)))
        finally:
            podium(data_dir, "down")


if __name__ == "__main__":
    main()
