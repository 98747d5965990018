"""Several tabs of one browser: one watch between them, and nothing missed when a tab is closed."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from podium.tasks.v1 import maestro_service_pb2 as calls
from tests.browser.conftest import House, Landed
from tests.gateway.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEB = "/podium.web.v1.WebService"
LIMIT_SECONDS = 30.0


async def watches(house: House) -> int:
    """How many the gateway counts, of all browsers of this person."""
    token = house.local.installation.person_token_file.read_text().strip()
    answer = await Browser(house.url, {"authorization": f"Bearer {token}"}).call(f"{WEB}/GetSessionInfo")
    return int(answer.json.get("openWatches", 0))


async def until_watches(house: House, count: int) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while await watches(house) != count:
            await asyncio.sleep(0.05)


async def open_tab(house: House, first: Page, path: str) -> Page:
    page = await first.context.new_page()
    await page.goto(f"{house.url}/{path}")
    await house.connected(page)
    return page


async def create(house: House, project_id: str, title: str) -> None:
    async with house.local.client() as podium:
        await podium.maestro.CreateTask(calls.CreateTaskRequest(project_id=project_id, title=title))


async def test_tabs_share_one_watch_and_outlive_each_other(house: House, landed: Landed) -> None:
    """Three tabs, one watch at the gateway; the tab that opened it is closed amid changes, and none is missed."""
    await until_watches(house, 0)
    path = f"project/{landed.project_id}"
    first = await house.open(path)
    second, third = await open_tab(house, first, path), await open_tab(house, first, path)
    assert await watches(house) == 1
    titles = [f"Amid the closing {number}" for number in range(20)]
    for number, title in enumerate(titles):
        await create(house, landed.project_id, title)
        if number == 5:
            await first.close()
    for page in (second, third):
        await page.get_by_label("Filter tasks").fill("Amid the closing")
        # Of a long list only the rows in sight are drawn; its heading counts all that were found.
        heading = page.get_by_role("region", name="Tasks").get_by_role("heading")
        await expect(heading).to_have_text(f"Tasks {len(titles)}")
    assert await watches(house) == 1
    await second.context.close()
    await until_watches(house, 0)


async def test_a_browser_that_cannot_share_opens_a_watch_for_each_tab(house: House, landed: Landed) -> None:
    """Without shared workers both tabs are live, each by its own watch."""
    await until_watches(house, 0)
    context = (await house.sign_in()).context
    await context.add_init_script("delete window.SharedWorker")
    first = context.pages[0]
    await first.goto(f"{house.url}/project/{landed.project_id}")
    second = await open_tab(house, first, f"project/{landed.project_id}")
    await house.connected(first)
    await until_watches(house, 2)
    await create(house, landed.project_id, "Seen by both")
    for page in (first, second):
        await expect(page.get_by_role("region", name="Tasks")).to_contain_text("Seen by both")
    await context.close()
