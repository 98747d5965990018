"""Every page can be read and used by everybody: axe finds nothing."""

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABS = ("overview", "spec", "plan", "work", "agents", "review", "events")


async def assert_accessible(page: Page, what: str) -> None:
    results = await Axe().run(page)
    assert results.violations_count == 0, f"{what}\n{results.generate_report()}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing_on_any_page(house: House, landed: Landed, dark: bool) -> None:
    """Board, inbox, panes, palette, dialogs and each tab of a pod, light and dark: 0 violations."""
    page = await house.sign_in(dark=dark)
    await expect(page.get_by_test_id(f"card-{landed.pod_id}")).to_be_visible()
    await assert_accessible(page, "board")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await assert_accessible(page, "palette")
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await assert_accessible(page, "new task")
    await page.keyboard.press("Escape")
    for tab in TABS:
        await page.goto(f"{house.url}/pod/{landed.pod_id}?tab={tab}")
        await expect(page.get_by_test_id("phases")).to_be_visible()
        await expect(page.get_by_text("Loading")).to_have_count(0)
        await assert_accessible(page, tab)
    for path in ("inbox", f"project/{landed.project_id}", f"project/{landed.project_id}?task={landed.pod_id}"):
        await page.goto(f"{house.url}/{path}")
        await house.connected(page)
        await expect(page.get_by_text("Loading")).to_have_count(0)
        await assert_accessible(page, path)
    await page.context.close()


async def test_a_phone_shows_the_pod_without_sideways_scrolling(house: House, landed: Landed) -> None:
    """At 390 px the page is as wide as the screen, for reading and answering."""
    page = await house.sign_in(width=390, height=844)
    for path in ("inbox", f"pod/{landed.pod_id}", f"pod/{landed.pod_id}?tab=spec", f"project/{landed.project_id}"):
        await page.goto(f"{house.url}/{path}")
        await house.connected(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
        await assert_accessible(page, f"phone: {path}")
    await page.context.close()


async def test_a_stranger_sees_how_to_sign_in_and_nothing_else(house: House) -> None:
    """Without a token the page says `podium open`, and is accessible too."""
    context = await house.browser.new_context()
    page = await context.new_page()
    await page.goto(house.url)
    await expect(page.get_by_text("podium open")).to_be_visible()
    await assert_accessible(page, "signed out")
    await context.close()
