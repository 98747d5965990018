"""Reviewed work: commented by line, sent back, landed one way or the other."""

import pytest
from playwright.async_api import Page, expect

from podium.pods.v1.pod_pb2 import LANDING_TARGET
from podium.pods.v1.pod_service_pb2 import GetPodRequest
from tests.browser.agents import cancel, of, open_pod
from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(house: House, landed: Landed, title: str, *, quick: bool) -> str:
    """A pod of the agent that adds a line each time; with `quick` it works at once."""
    rules = of("writer", auto_start_agents=quick)
    return await open_pod(house, landed.project_id, title, quick=quick, policy=rules)


async def reviewed(page: Page, lines: int) -> None:
    """The work is verified, and its diff has so many lines of the agent."""
    diff = page.get_by_role("region", name="Changes in notes.txt")
    await expect(diff.get_by_text("another line")).to_have_count(lines)


async def test_work_is_commented_by_line_sent_back_and_landed(house: House, landed: Landed) -> None:
    """The comment comes to the agent with its place; a pull request without a remote says what to do; then it lands."""
    pod_id = await opened(house, landed, "Note it", quick=True)
    page = await house.open(f"pod/{pod_id}?tab=review")
    await reviewed(page, 1)
    await page.get_by_role("button", name="Comment on line 1").click()
    await page.get_by_label("Comment", exact=True).fill("Say it twice")
    await page.get_by_role("button", name="Add comment").click()
    await page.get_by_role("button", name="Request changes (1)").click()
    await page.get_by_role("button", name="Send back").click()
    await reviewed(page, 2)
    async with house.local.client() as podium:
        pod = (await podium.pods.GetPod(GetPodRequest(pod_id=pod_id))).pod
        assert len(pod.workstreams[0].attempts) == 2
        assert any("Say it twice" in message.content for message in pod.messages)

        await page.get_by_role("button", name="Approve as a pull request").click()
        await expect(page.get_by_role("alert").first).to_contain_text("It could not land")
        await page.keyboard.press("Control+k")
        await page.get_by_role("combobox", name="Find").fill("Land again")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("landed")).to_be_visible()
        pod = (await podium.pods.GetPod(GetPodRequest(pod_id=pod_id))).pod
        assert pod.policy.landing == LANDING_TARGET
    await page.context.close()


async def test_a_spec_is_edited_and_every_version_kept(house: House, landed: Landed) -> None:
    """Written by hand twice, with a preview; the first version is still there to read, and the second is approved."""
    pod_id = await opened(house, landed, "By hand", quick=False)
    page = await house.open(f"pod/{pod_id}?tab=agents")
    await page.get_by_role("button", name="Interrupt").click()
    await page.get_by_role("dialog").get_by_role("button", name="Interrupt").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("2")
    for words in ("First *words*", "Better *words*"):
        await page.get_by_role("button", name="Edit").click()
        await page.get_by_label("Spec", exact=True).fill(words)
        await expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("words")
        await page.keyboard.press("Control+s")
        await expect(page.get_by_role("button", name="Edit")).to_be_visible()
        await expect(page.get_by_text(words.replace("*", ""))).to_be_visible()
    await page.get_by_label("Version of the spec").select_option("1")
    await expect(page.get_by_text("First words")).to_be_visible()
    await page.get_by_role("button", name="Show the current").click()
    await expect(page.get_by_text("Better words")).to_be_visible()
    await page.get_by_role("button", name="Approve v2").click()
    await expect(page.get_by_text("Approved", exact=True)).to_be_visible()
    await page.context.close()
    await cancel(house, pod_id)
