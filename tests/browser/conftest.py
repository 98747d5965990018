"""A whole installation with a browser before it: chromium, the built web interface, every service its own process."""

import os
import random
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from podium.client import signin
from tests.runner.acp import scripted
from tests.support.installation import LocalInstallation
from tests.support.shop import Shop, make_shop

UI = Path(__file__).parents[2] / "services" / "podium" / "gateway" / "ui" / "index.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_MS = 30_000
SLEEPER = {"kind": "command", "command": ["sleep", "600"], "pty": True}
"""An agent that lives until it is interrupted."""
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

    @property
    def url(self) -> str:
        gateway = signin.find_gateway(self.local.installation)
        assert gateway is not None, self.local.logs()
        return gateway.url

    async def sign_in(self, *, width: int = 1280, height: int = 800, dark: bool = False) -> Page:
        """A new browser (its own cookies), signed in by a link as `podium open` makes it, at the board."""
        context: BrowserContext = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_MS)
        page = await context.new_page()
        token = self.local.installation.person_token_file.read_text().strip()
        await page.goto(signin.sign_in_url(self.url, token))
        await self.connected(page)
        return page

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
    async with (
        LocalInstallation(
            root,
            gateway={"port": _free_port()},
            profiles={"demo": shop.profile, "sleeper": SLEEPER, "speaker": speaker},
        ) as local,
        async_playwright() as playwright,
    ):
        await local.until(lambda _: signin.find_gateway(local.installation) is not None, "the gateway")
        browser = await playwright.chromium.launch(executable_path=_browser(), args=arguments)
        yield House(local, shop, browser)
        await browser.close()


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
