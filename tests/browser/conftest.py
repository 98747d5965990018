"""A whole installation with a browser before it: chromium, the built web interface, every service its own process."""

import os
import random
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, FloatRect, Page, async_playwright, expect

from podium.client import signin
from tests.runner.acp import scripted
from tests.support.installation import LocalInstallation
from tests.support.shop import Shop, make_shop

UI = Path(__file__).parents[2] / "services" / "podium" / "gateway" / "ui" / "index.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_MS = 30_000
SLEEPER = {"kind": "command", "command": ["sleep", "600"], "pty": True}
"""An agent that lives until it is interrupted."""
WRITER = """
[[script]]
kind = "worker"
steps = [
  { run = ["/bin/sh", "-c", "echo another line >> notes.txt"] },
  { commit = "Note it" },
  { complete = "A line more." },
]
"""
"""An agent that adds a line each time."""
SPOKEN: list[dict[str, Any]] = [
    {"think": "Floats are added."},
    {"say": "I look at **money.py** first."},
    {"plan": [["Read the tests", "completed"], ["Round to even", "in_progress"], ["Say so", "pending"]]},
    {"tool": {"toolCallId": "c1", "title": "Read shop/money.py", "kind": "read", "status": "in_progress"}},
    {"tool": {"toolCallId": "c2", "title": "pytest -q", "kind": "execute", "status": "failed"}},
    {"tool": {"toolCallId": "c1", "status": "completed"}},
    {"until_cancelled": None},
]
"""What an agent by ACP does until it is interrupted: says, plans, calls tools."""
QUESTION = '{ key = "half", question = "Which way is half a cent rounded?", options = ["up", "half to even"] }'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One installation serves them all, so one process runs them; without a browser or a build they are skipped."""
    why = _missing()
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("browser"))
            if why:
                item.add_marker(pytest.mark.skip(reason=why))


def _missing() -> str:
    if not _browser():
        return "no chromium or chrome is here: the browser tests are skipped (apt-get install chromium)"
    return "" if UI.is_file() else "the web interface is not built: the browser tests are skipped (make web)"


def _browser() -> str:
    return next((found for name in BROWSERS if (found := shutil.which(name))), "")


@dataclass
class House:
    """The installation, the sample repository, and what opens pages before them."""

    local: LocalInstallation
    shop: Shop
    browser: Browser
    cookies: list[Any] = field(default_factory=list)
    """Of the last browser that signed in."""
    faults: list[str] = field(default_factory=list)
    """What pages threw, or wanted and the policy forbade: nothing should."""

    @property
    def url(self) -> str:
        gateway = signin.find_gateway(self.local.installation)
        assert gateway is not None, self.local.logs()
        return gateway.url

    async def sign_in(self, *, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """A new browser (its own cookies), signed in by a link as `podium open` makes it, at the board."""
        page = await self._page(width, height, dark)
        token = self.local.installation.person_token_file.read_text().strip()
        await page.goto(signin.sign_in_url(self.url, token))
        await self.connected(page)
        self.cookies = list(await page.context.cookies())
        return page

    async def open(self, path: str = "", *, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """A new browser that was signed in before, at a page."""
        if not self.cookies:
            await (await self.sign_in()).context.close()
        page = await self._page(width, height, dark)
        await page.context.add_cookies(self.cookies)
        await page.goto(f"{self.url}/{path}")
        await self.connected(page)
        return page

    async def go(self, page: Page, path: str) -> None:
        """To another place, as by a link: the page stays, and what it knows."""
        await page.evaluate("path => window.history.pushState({}, '', path)", f"/{path}")

    async def _page(self, width: int, height: int, dark: bool) -> Page:
        context: BrowserContext = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "is not a function" in message.text:
            self.faults.append(message.text)

    async def picture(self, page: Page, name: str, height: int) -> None:
        """Keeps what is seen as a picture of the README's, where `PODIUM_PICTURES` names a directory for them."""
        if folder := os.environ.get("PODIUM_PICTURES"):
            for said in await page.get_by_role("button", name="Dismiss").all():
                await said.click()
            clip = FloatRect(x=0, y=0, width=1280, height=height)
            await page.screenshot(path=Path(folder) / f"{name}.png", clip=clip)

    async def connected(self, page: Page) -> None:
        await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "connected", timeout=WAIT_MS)


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Waits are for states; how long is no claim of these tests."""
    expect.set_options(timeout=WAIT_MS)
    yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    root = tmp_path_factory.mktemp("browser")
    shop = make_shop(root, gated=True, question=QUESTION)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    speaker = scripted(root, SPOKEN, name="speaker")
    (root / "writer.toml").write_text(WRITER)
    writer = {"kind": "scripted", "scenario": str(root / "writer.toml")}
    async with (
        LocalInstallation(
            root,
            gateway={"port": _free_port()},
            profiles={"demo": shop.profile, "sleeper": SLEEPER, "speaker": speaker, "writer": writer},
        ) as local,
        async_playwright() as playwright,
    ):
        await local.until(lambda _: signin.find_gateway(local.installation) is not None, "the gateway")
        browser = await playwright.chromium.launch(executable_path=_browser(), args=arguments)
        made = House(local, shop, browser)
        yield made
        await browser.close()
        assert not made.faults


def _free_port() -> int:
    """A port of its own: the page that is open must find the gateway again where it was.

    Not one of those that the system gives to outgoing connections, which would take it while the gateway is away.
    """
    for port in random.sample(range(21_000, 32_000), 100):
        with socket.socket() as free:
            if free.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no port is free")


@dataclass(frozen=True)
class Landed:
    """What the walk by clicks left behind."""

    pod_id: str
    project_id: str
    commit: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def landed(house: House) -> Landed:
    """The demo task, driven only by clicks, from creation to the landed commit."""
    from tests.browser.walk import walk

    return await walk(house)
