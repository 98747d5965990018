"""Everything in one run, on a fresh installation; then the table.

`make bench-web [JSON=FILE]`: about three minutes; needs the built interface and chromium or chrome.
"""

import asyncio
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Row, report
from bench.start import podium
from bench.web import filling
from bench.web.page import Chromium, chromium, heap_mb, scroll, seen, watch_for
from podium.client import Podium
from podium.client.installation import Installation

UI = Path(__file__).parents[2] / "services" / "podium" / "gateway" / "ui"
LOADS = 7
COMMITS = 100
PODS, TASKS, CHANGES = 1_000, 10_000, 10_000
CHANGING, WARM_UP = 10, 2_000
PAUSE_SECONDS = 0.15
"""Between two commits that are timed: they are no burst, which the views would pace."""


def entry_kib() -> float:
    """The JavaScript that the first page needs, gzipped: the entry and what it imports at once."""
    manifest = json.loads((UI / ".vite" / "manifest.json").read_text())
    waiting = [key for key, chunk in manifest.items() if chunk.get("isEntry")]
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += manifest[key].get("imports", [])
    return sum(len(gzip.compress((UI / manifest[key]["file"]).read_bytes(), 9)) for key in found) / 1024


async def first_load(browser: Chromium) -> float:
    """Seconds until an empty board is there and live, in a browser without any cache: the median."""
    values = []
    for _ in range(LOADS):
        page, took = await browser.sign_in()
        values.append(took)
        await page.context.close()
    return statistics.median(values)


async def commit_to_visible(browser: Chromium, client: Podium) -> list[float]:
    """Milliseconds from the answer to a change until a tab shows it; what is seen before the answer counts as 0."""
    (task,) = await filling.tasks(client, filling.SMALL, 1)
    page, _ = await browser.sign_in()
    await page.goto(f"{browser.url}/project/{filling.SMALL}")
    await page.get_by_test_id(f"task-{task.id}").wait_for()
    await watch_for(page, r"Renamed (\d+) times")
    told: dict[str, float] = {}
    for number in range(COMMITS):
        await filling.rename(client, task, f"Renamed {number} times")
        told[str(number)] = time.time() * 1000
        await asyncio.sleep(PAUSE_SECONDS)
    await page.get_by_text(f"Renamed {COMMITS - 1} times").first.wait_for()
    shown = await seen(page)
    await page.context.close()
    return [max(0.0, shown[number] - at) for number, at in told.items()]


async def longest_frames(browser: Chromium, client: Podium) -> tuple[float, float]:
    """Milliseconds of the longest frame while a board of 1,000 pods and a list of 10,000 tasks are scrolled."""
    await filling.pods(client, PODS)
    await filling.tasks(client, filling.LIST, TASKS)
    page, _ = await browser.sign_in()
    await page.locator(f'[data-testid="board"][data-count="{PODS}"]').wait_for(timeout=60_000)
    board = await scroll(page, 'section[aria-label="Work"] > div')
    await page.goto(f"{browser.url}/project/{filling.LIST}")
    await page.get_by_text(f"Tasks {TASKS}").wait_for(timeout=60_000)
    tasks = await scroll(page, 'section[aria-label="Tasks"] > div.overflow-y-auto')
    assert board["height"] > PODS * 20 and tasks["height"] > TASKS * 30, (board, tasks)
    await page.context.close()
    return board["longest"], tasks["longest"]


async def growth_mb(browser: Chromium, client: Podium) -> float:
    """How much more a page's scripts hold after 10,000 changes that it showed."""
    tasks = await filling.tasks(client, filling.SMALL, CHANGING)
    page, _ = await browser.sign_in()
    await page.goto(f"{browser.url}/project/{filling.SMALL}")
    await page.get_by_test_id(f"task-{tasks[0].id}").wait_for()

    async def change(count: int, word: str) -> float:
        names = [f"{word} {number}" for number in range(count)]
        for first in range(0, count, 500):
            part = enumerate(names[first : first + 500], first)
            await filling.together(filling.rename(client, tasks[n % CHANGING], name) for n, name in part)
        for n in range(CHANGING):
            await filling.rename(client, tasks[n], f"{word} last {n}")
        await page.get_by_text(f"{word} last {CHANGING - 1}").wait_for()
        return await heap_mb(page)

    before = await change(WARM_UP, "Warm")
    after = await change(CHANGES, "Run")
    await page.context.close()
    return after - before


async def measure(data_dir: Path) -> list[Row]:
    """All figures; a fresh installation runs at the directory."""
    installation = Installation(data_dir)
    async with Podium.connect(installation=installation) as client, chromium(installation) as browser:
        load = await first_load(browser)
        _say(f"first load {load:.2f} s")
        await filling.projects(client)
        delays = await commit_to_visible(browser, client)
        p50, p95 = statistics.median(delays), statistics.quantiles(delays, n=20)[-1]
        _say(f"commit to visible p50 {p50:.0f} ms, p95 {p95:.0f} ms")
        grown = await growth_mb(browser, client)
        _say(f"grown by {grown:.2f} MB")
        board, tasks = await longest_frames(browser, client)
    kib = entry_kib()
    return [
        Row("first load, no cache, to a live board", load, "s", target="<= 1", met=load <= 1),
        Row("entry JavaScript, gzipped", kib, "KiB", target="<= 250", met=kib <= 250),
        Row("commit to visible, p50", p50, "ms"),
        Row("commit to visible, p95", p95, "ms", target="<= 150", met=p95 <= 150),
        Row("longest frame, scrolling 1,000 pods", board, "ms", target="< 1000", met=board < 1000),
        Row("longest frame, scrolling 10,000 tasks", tasks, "ms", target="< 1000", met=tasks < 1000),
        Row("heap grown by 10,000 changes", grown, "MB", target="<= 2", met=grown <= 2),
    ]


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> None:
    """One installation, one run."""
    if not (UI / "index.html").is_file():
        sys.exit("the web interface is not built: make web")
    with tempfile.TemporaryDirectory(prefix="podium-bench-", ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder) / "data"
        podium(data_dir, "up")
        try:
            report(asyncio.run(measure(data_dir)))
        finally:
            podium(data_dir, "down")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores; load average at the end {load}", file=sys.stderr)


if __name__ == "__main__":
    main()
