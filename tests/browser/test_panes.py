"""The three panes: sessions and tasks, seen by several browsers, against a server that may refuse."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.agents import cancel, live_agent
from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_task(house: House, landed: Landed) -> Page:
    page = await house.open(f"project/{landed.project_id}")
    await expect(page.get_by_test_id(f"task-{landed.pod_id}")).to_be_visible()
    return page


async def test_two_browsers_stay_in_step(house: House, landed: Landed) -> None:
    """A terminal opened in one is in the other at once, the task's count rises in both; closed, it falls in both."""
    first, second = await open_task(house, landed), await open_task(house, landed)
    counts = [page.get_by_test_id(f"task-{landed.pod_id}").get_by_test_id("session-count") for page in (first, second)]
    before = int(await counts[0].inner_text())
    await first.get_by_test_id(f"task-{landed.pod_id}").get_by_role("link").click()
    await first.get_by_role("button", name="Work on task").click()
    for count in counts:
        await expect(count).to_have_text(str(before + 1))
    await first.get_by_role("button", name="Close terminal").click()
    for count in counts:
        await expect(count).to_have_text(str(before))
    assert await first.evaluate("Object.keys(localStorage)") == ["podium.terminals"]
    for page in (first, second):
        await page.context.close()


async def test_a_removal_that_the_server_refuses_is_taken_back(house: House, landed: Landed) -> None:
    """A live agent's session is out at once; when Maestro refuses it is back in its places, and the error says why."""
    pod_id, session_id = await live_agent(house, landed, "sleeper")
    page = await house.open(f"project/{landed.project_id}?session={session_id}")
    listed = page.get_by_test_id(f"session-{session_id}")
    task = page.get_by_test_id(f"task-{pod_id}")
    await expect(listed).to_be_visible()
    await expect(task.get_by_test_id("session-count")).to_have_text("1")
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route("**/DeleteSession", hold)
    await page.get_by_role("button", name="More about this session").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    await expect(listed).to_have_count(0)
    await expect(task.get_by_test_id("session-count")).to_have_text("0")
    let_go.set()
    await expect(listed).to_be_visible()
    await expect(task.get_by_test_id("session-count")).to_have_text("1")
    await expect(page.get_by_role("alert")).to_contain_text("Interrupt the agent")
    await page.context.close()
    await cancel(house, pod_id)


async def test_a_removal_holds_in_every_browser(house: House, landed: Landed) -> None:
    """What one takes out is gone from the other's list too."""
    first, second = await open_task(house, landed), await open_task(house, landed)
    lists = []
    for page in (first, second):
        task = page.get_by_test_id(f"task-{landed.pod_id}")
        await task.get_by_role("button", name="Sessions of").click()
        lists.append(task.get_by_role("list", name="Sessions").get_by_role("listitem"))
        await expect(lists[-1].first).to_be_visible()
    count = await lists[0].count()
    await lists[0].last.get_by_role("button").click()
    for items in lists:
        await expect(items).to_have_count(count - 1)
    for page in (first, second):
        await page.context.close()
