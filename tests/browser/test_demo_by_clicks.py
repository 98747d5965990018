"""The whole way by clicks, and what can be seen of it afterwards."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import House, Landed
from tests.browser.walk import tab
from tests.support.shop import is_green

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_clicks_alone_lead_from_words_to_a_landed_commit(house: House, landed: Landed) -> None:
    """The commit that the page names is on the target branch, and the sample's own tests pass there."""
    assert house.shop.git("branch", "--contains", landed.commit, "--list", "main")
    assert is_green(house.shop)


async def test_the_answer_stands_in_the_conversation(house: House, landed: Landed) -> None:
    """The question that the agent asked was answered with the option that was clicked."""
    page = await house.open(f"pod/{landed.pod_id}")
    conversation = page.locator("section", has=page.get_by_role("heading", name="Conversation"))
    await expect(conversation).to_contain_text("Which way is half a cent rounded?")
    await expect(conversation).to_contain_text("half to even")
    await page.context.close()


async def test_the_slider_shows_the_pod_as_it_was(house: House, landed: Landed) -> None:
    """At its first revision the pod is in its first phase and has no plan; `now` is what it was before."""
    page = await house.open(f"pod/{landed.pod_id}")
    phases = page.get_by_test_id("phases")
    await expect(phases).to_have_attribute("data-phase", "COMPLETED")
    last = await page.get_by_test_id("pod").get_attribute("data-revision")
    await page.get_by_label("History of the pod").focus()
    await page.keyboard.press("Home")
    await expect(phases).to_have_attribute("data-phase", "SPEC_CLARIFICATION")
    await expect(page.get_by_test_id("past")).to_contain_text(f"rev 1 of {last}")
    await page.get_by_role("button", name="One revision on").click()
    await expect(page.get_by_test_id("pod")).to_have_attribute("data-revision", "2")
    await page.get_by_role("button", name="Back to now").click()
    await expect(phases).to_have_attribute("data-phase", "COMPLETED")
    await expect(page.get_by_test_id("pod")).to_have_attribute("data-revision", last or "")
    await page.context.close()


async def test_every_event_tells_its_actor_and_leads_to_its_moment(house: House, landed: Landed) -> None:
    """The approval stands in the list with who gave it, and a click shows the pod right after it."""
    page = await house.open(f"pod/{landed.pod_id}")
    await tab(page, "Events").click()
    await page.get_by_label("Filter events").fill("spec v1 approved")
    row = page.get_by_role("region", name="List of events").get_by_role("button")
    await expect(row).to_have_count(1)
    await row.click()
    await expect(page.get_by_test_id("past")).to_contain_text("Spec v1 approved")
    await page.context.close()
