"""A real chromium before the gateway: what it sees, and when."""

import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright

from podium.client import signin
from podium.client.installation import Installation

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

_SEEN = """
(pattern) => {
  window.__seen = {};
  const look = () => {
    for (const [, found] of document.body.innerText.matchAll(new RegExp(pattern, 'g')))
      window.__seen[found] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""

_SCROLL = """
async ([selector, seconds]) => {
  const scroller = document.querySelector(selector);
  const end = performance.now() + seconds * 1000;
  let last = performance.now(), longest = 0, frames = 0, step = 400;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    frames += 1;
    const bottom = scroller.scrollHeight - scroller.clientHeight;
    if (scroller.scrollTop + step > bottom || scroller.scrollTop + step < 0) step = -step;
    scroller.scrollTop += step;
  }
  return { longest, frames, height: scroller.scrollHeight };
}
"""


@dataclass
class Chromium:
    """A browser, and the installation that it looks at."""

    browser: Browser
    installation: Installation

    @property
    def url(self) -> str:
        found = signin.find_gateway(self.installation)
        assert found is not None, "the gateway does not run"
        return found.url

    async def sign_in(self) -> tuple[Page, float]:
        """A new browser without any cache, at the board, and the seconds until that was there and live."""
        context = await self.browser.new_context(viewport={"width": 1440, "height": 900})
        page = await context.new_page()
        link = signin.sign_in_url(self.url, self.installation.person_token())
        begin = time.perf_counter()
        await page.goto(link, wait_until="commit")
        await page.locator('[data-testid="connection"][data-state="connected"]').wait_for()
        await page.locator('[data-testid="board"], main p').first.wait_for()
        return page, time.perf_counter() - begin


@asynccontextmanager
async def chromium(installation: Installation) -> AsyncIterator[Chromium]:
    """While it is needed. Raises RuntimeError where there is none."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    if not path:
        raise RuntimeError("no chromium or chrome is here: apt-get install chromium")
    arguments = ["--js-flags=--expose-gc", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield Chromium(browser, installation)
        finally:
            await browser.close()


async def watch_for(page: Page, pattern: str) -> None:
    """From now on note when texts become visible; the group of the pattern names them."""
    await page.evaluate(_SEEN, pattern)


async def seen(page: Page) -> dict[str, float]:
    """When each was first seen, in milliseconds since the epoch."""
    found: dict[str, float] = await page.evaluate("window.__seen")
    return found


async def scroll(page: Page, selector: str, seconds: float = 5.0) -> dict[str, float]:
    """Scroll up and down at 400 px a frame: the `longest` frame in ms, how many `frames`, the `height` scrolled."""
    found: dict[str, float] = await page.evaluate(_SCROLL, [selector, seconds])
    return found


async def heap_mb(page: Page) -> float:
    """What the page's scripts hold, after a full collection."""
    session = await page.context.new_cdp_session(page)
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
    used = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    await session.detach()
    return float(used) / 1e6
