"""Every page can be read and used by everybody: axe finds nothing."""

import pytest
from playwright.async_api import Page, expect

from podium.pods.v1.pod_service_pb2 import AskQuestionRequest, GetPodRequest
from tests.browser.accessible import assert_accessible, assert_accessible_in_both_themes
from tests.browser.agents import cancel, of, open_pod
from tests.browser.conftest import House, Landed
from tests.browser.walk import tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABS = ("Spec", "Plan", "Work", "Agents", "Review", "Events", "Overview")
DIALOGS = (("Control+k", "palette"), ("c", "new task"), ("?", "keyboard"))
BY_PALETTE = ("Add a project", "Notifications")


async def loaded(page: Page) -> None:
    await expect(page.get_by_text("Loading")).to_have_count(0)


async def test_axe_finds_nothing_on_any_page(house: House, landed: Landed) -> None:
    """Board, inbox, panes, each tab of a pod, what is not there; light and dark: 0 violations."""
    page = await house.open()
    card = page.get_by_test_id(f"card-{landed.pod_id}")
    await expect(card).to_be_visible()
    await assert_accessible_in_both_themes(page, "board")
    await assert_accessible(page, "board, dark, with every rule")
    await card.click()
    for name in TABS:
        await tab(page, name).click()
        await loaded(page)
        await assert_accessible_in_both_themes(page, name)
    for path in ("inbox", f"project/{landed.project_id}", f"project/{landed.project_id}?task={landed.pod_id}"):
        await house.go(page, path)
        await loaded(page)
        await assert_accessible_in_both_themes(page, path)
    for path in ("nowhere", "pod/none", "project/none"):
        await house.go(page, path)
        await expect(page.get_by_role("link", name="To the board")).to_be_visible()
        await assert_accessible_in_both_themes(page, path)
    await page.context.close()


async def test_axe_finds_nothing_in_any_dialog(house: House, landed: Landed) -> None:
    """What opens over a page, light and dark: palette, dialogs, a menu; 0 violations."""
    page = await house.open(f"pod/{landed.pod_id}")
    await expect(page.get_by_test_id("phases")).to_be_visible()
    for key, what in DIALOGS:
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog")).to_be_visible()
        await assert_accessible_in_both_themes(page, what)
        await page.keyboard.press("Escape")
    for words in BY_PALETTE:
        await page.keyboard.press("Control+k")
        await page.get_by_role("combobox", name="Find").fill(words)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name=words)).to_be_visible()
        await assert_accessible_in_both_themes(page, words)
        await page.keyboard.press("Escape")
    await page.get_by_role("button", name="More").click()
    await expect(page.get_by_role("menu")).to_be_visible()
    await assert_accessible_in_both_themes(page, "menu")
    await page.context.close()


async def test_a_phone_shows_the_pod_without_sideways_scrolling(house: House, landed: Landed) -> None:
    """At 390 px the page is as wide as the screen, for reading; and a question is answered there, by a touch."""
    pod_id = await asked(house, landed)
    page = await house.open("inbox", width=390, height=844)
    for path in (
        f"pod/{landed.pod_id}",
        f"pod/{landed.pod_id}?tab=spec",
        f"project/{landed.project_id}",
        "",
        "inbox",
    ):
        await house.go(page, path)
        await loaded(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
        await assert_accessible(page, f"phone: {path}")
    await page.get_by_role("button", name="tomorrow").click()
    await expect(page.get_by_role("button", name="tomorrow")).to_have_count(0)
    async with house.local.client() as podium:
        pod = (await podium.pods.GetPod(GetPodRequest(pod_id=pod_id))).pod
    assert [message.answer.choice for message in pod.messages] == ["tomorrow"]
    await page.context.close()
    await cancel(house, pod_id)


async def asked(house: House, landed: Landed) -> str:
    """A pod in which somebody asks."""
    rules = of("sleeper", auto_start_agents=False)
    pod_id = await open_pod(house, landed.project_id, "On a phone", request="Ask", policy=rules)
    async with house.local.client() as podium:
        await podium.pods.AskQuestion(
            AskQuestionRequest(pod_id=pod_id, content="When shall it be done?", options=["today", "tomorrow"])
        )
    return pod_id


async def test_a_stranger_sees_how_to_sign_in_and_nothing_else(house: House) -> None:
    """Without a token the page says `podium open`, and is accessible too."""
    context = await house.browser.new_context()
    page = await context.new_page()
    await page.goto(house.url)
    await expect(page.get_by_text("podium open")).to_be_visible()
    await assert_accessible(page, "signed out")
    await context.close()
