"""The three panes: sessions and tasks, seen by several browsers, against a server that may refuse."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_task(house: House, landed: Landed) -> Page:
    page = await house.sign_in()
    await page.goto(f"{house.url}/project/{landed.project_id}")
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
    """The session is out at once; when the refusal comes it is back in its place, and the error is shown."""
    page = await open_task(house, landed)
    task = page.get_by_test_id(f"task-{landed.pod_id}")
    await task.get_by_role("button", name="Sessions of").click()
    links = task.get_by_role("list", name="Sessions").get_by_role("listitem")
    await expect(links.first).to_be_visible()
    names = await links.all_inner_texts()
    answer = asyncio.Event()

    async def refuse(route: Route) -> None:
        await answer.wait()
        refusal = {"code": "failed_precondition", "message": "not now"}
        await route.fulfill(status=400, content_type="application/json", json=refusal)

    await page.route("**/RemoveTaskFromSession", refuse)
    await links.nth(1).get_by_role("button").click()
    await expect(links).to_have_count(len(names) - 1)
    answer.set()
    await expect(links).to_have_text(names)
    await expect(page.get_by_role("alert")).to_contain_text("Not now")
    await page.context.close()


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
