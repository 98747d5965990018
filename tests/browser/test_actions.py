"""What people do, by keyboard alone: the palette finds it, forms ask for what it needs, the services have it."""

import pytest
from playwright.async_api import Page, expect

from podium.pods.v1.pod_pb2 import Pod
from podium.pods.v1.pod_service_pb2 import GetPodRequest
from podium.tasks.v1 import maestro_service_pb2 as calls
from tests.browser.accessible import assert_accessible
from tests.browser.agents import cancel, live_agent
from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def choose(page: Page, words: str) -> None:
    """Find an action in the palette and do it."""
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Find").fill(words)
    await expect(page.get_by_role("option").first).to_contain_text(words.split(maxsplit=1)[0])
    await page.keyboard.press("Enter")


async def save(page: Page) -> None:
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def pod_of(house: House, pod_id: str) -> Pod:
    async with house.local.client() as podium:
        return (await podium.pods.GetPod(GetPodRequest(pod_id=pod_id))).pod


async def test_a_pod_is_ruled_by_keyboard(house: House, landed: Landed) -> None:
    """Budget and rules, a workstream made, edited and skipped, a thread resolved and reopened, an agent marked done."""
    pod_id, _ = await live_agent(house, landed, "sleeper")
    page = await house.open(f"pod/{pod_id}")
    await expect(page.get_by_test_id("phases")).to_be_visible()

    await choose(page, "Rules and budget")
    await assert_accessible(page, "rules and budget")
    await page.get_by_label("Budget: cost").fill("2.50")
    await page.get_by_label("One agent lives at most").fill("90")
    await save(page)
    await expect(page.get_by_text("of $2.50")).to_be_visible()
    policy = (await pod_of(house, pod_id)).policy
    assert (policy.budget.cost_micros, policy.agent_time_limit.seconds) == (2_500_000, 5400)

    await choose(page, "New workstream")
    await page.get_by_label("Id", exact=True).fill("docs")
    await page.get_by_label("Title").fill("Tell of it")
    await page.get_by_label("What the agent is to do").fill("Write it down.")
    await save(page)
    await choose(page, "Edit Tell of it")
    await page.get_by_label("Title").fill("Tell of it well")
    await save(page)
    await choose(page, "Skip Tell of it well")
    await page.get_by_label("Why").fill("Not needed")
    await save(page)
    made = next(each for each in (await pod_of(house, pod_id)).workstreams if each.id == "docs")
    assert (made.title, made.reason) == ("Tell of it well", "Not needed")

    await choose(page, "Say something to the pod")
    await page.get_by_label("Message", exact=True).fill("Mind the rounding")
    await save(page)
    await choose(page, "Resolve “Mind the rounding”")
    await expect(page.get_by_text("resolved")).to_be_visible()
    await choose(page, "Reopen “Mind the rounding”")
    await expect(page.get_by_text("resolved")).to_have_count(0)

    await choose(page, "Mark the worker")
    await page.get_by_role("dialog").get_by_role("button", name="It is done").press("Enter")
    await expect(page.get_by_text("1 agent at work")).to_have_count(0)
    await page.context.close()
    await cancel(house, pod_id)


async def test_a_task_is_edited_and_deleted_by_keyboard(house: House, landed: Landed) -> None:
    """The row follows the new title; the deleted task is gone here and at the server."""
    async with house.local.client() as podium:
        task = (
            await podium.maestro.CreateTask(calls.CreateTaskRequest(project_id=landed.project_id, title="Tidy up"))
        ).task
        page = await house.open(f"project/{landed.project_id}?task={task.id}")
        row = page.get_by_test_id(f"task-{task.id}")
        await expect(row).to_contain_text("Tidy up")
        await choose(page, f"Edit #{task.number}")
        await page.get_by_label("Title").fill("Tidy up the shop")
        await save(page)
        await expect(row).to_contain_text("Tidy up the shop")
        await choose(page, f"Delete #{task.number}")
        await page.get_by_role("dialog").get_by_role("button", name="Delete the task").press("Enter")
        await expect(row).to_have_count(0)
        left = await podium.maestro.ListTasks(calls.ListTasksRequest(project_id=landed.project_id, page_size=1000))
        assert task.id not in {each.id for each in left.tasks}
        await page.context.close()


async def test_an_agent_tells_what_it_does(house: House, landed: Landed) -> None:
    """Its words, each tool's call with how far it is, and its plan as a list; what happened before is told the same."""
    pod_id, _ = await live_agent(house, landed, "speaker")
    page = await house.open(f"pod/{pod_id}?tab=agents")
    for visit in ("live", "again"):
        if visit == "again":
            await page.reload()
        transcript = page.get_by_test_id("transcript")
        await expect(transcript).to_contain_text("I look at money.py first.")
        calls_made = transcript.get_by_test_id("tool-call")
        await expect(calls_made).to_have_count(2)
        await expect(calls_made.nth(0)).to_have_attribute("data-status", "done")
        await expect(calls_made.nth(1)).to_have_attribute("data-status", "failed")
        plan = transcript.get_by_role("list", name="The agent's plan").get_by_role("listitem")
        assert [await each.get_attribute("data-status") for each in await plan.all()] == [
            "completed",
            "in_progress",
            "pending",
        ], visit
    await assert_accessible(page, "an agent's story")
    await page.context.close()
    await cancel(house, pod_id)
