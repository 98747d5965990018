"""Terminals: typed into, taken over, gone on after losses, closed with their sessions."""

import json

import pytest
from playwright.async_api import Locator, Page, expect

from podium.tasks.v1 import maestro_service_pb2 as calls
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import House, Landed
from tests.browser.test_tabs import watches

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def new_task(house: House, landed: Landed, title: str) -> str:
    async with house.local.client() as podium:
        made = await podium.maestro.CreateTask(calls.CreateTaskRequest(project_id=landed.project_id, title=title))
        return made.task.id


async def work_on(house: House, page: Page, landed: Landed, task_id: str) -> Locator:
    """ "Work on task", until the terminal can be typed into."""
    await page.goto(f"{house.url}/project/{landed.project_id}?task={task_id}")
    await page.get_by_role("button", name="Work on task").click()
    await page.wait_for_url("**session=**")
    return await ready(page)


async def ready(page: Page) -> Locator:
    terminal = page.get_by_test_id("terminal")
    await expect(terminal).to_have_attribute("data-phase", "running")
    await expect(terminal).to_have_attribute("data-writes", "true")
    return terminal


async def run(page: Page, terminal: Locator, command: str, answer: str) -> None:
    """Type a command; its answer is what the command line itself does not say."""
    await terminal.locator(".xterm").click()
    await page.keyboard.type(f"{command}\n")
    await expect(terminal).to_contain_text(answer)


async def open_terminals(page: Page) -> list[str]:
    kept = json.loads(await page.evaluate("localStorage.getItem('podium.terminals')"))
    return [each["sessionId"] for each in kept["terminals"]]


async def none_is_open(page: Page) -> None:
    """Returns when this browser remembers no open terminal."""
    await page.wait_for_function("JSON.parse(localStorage.getItem('podium.terminals')).terminals.length === 0")


async def test_a_terminal_is_typed_into_kept_and_closed_with_its_session(house: House, landed: Landed) -> None:
    """A shell in the repository answers, has the room that the page has for it, survives a reload; closing ends it."""
    task_id = await new_task(house, landed, "By hand")
    page = await house.sign_in()
    terminal = await work_on(house, page, landed, task_id)
    await run(page, terminal, "ls; echo $((40+2))-there", "42-there")
    await expect(terminal).to_contain_text("shop")
    await assert_accessible(page, "terminal")
    before = await terminal.get_attribute("data-size")
    await page.set_viewport_size({"width": 1600, "height": 700})
    await expect(terminal).not_to_have_attribute("data-size", before or "")
    columns, rows = (await terminal.get_attribute("data-size") or "x").split("x")
    await run(page, terminal, "stty size", f"{rows} {columns}")
    await run(page, terminal, "echo $((40+3))-kept", "43-kept")
    await page.reload()
    terminal = await ready(page)
    await expect(terminal).to_contain_text("43-kept")
    # Drawn as it was written: at the size of before, then at the one of now.
    for kept in ("42-there", f"{rows} {columns}"):
        await expect(terminal).to_contain_text(kept)
    count = page.get_by_test_id(f"task-{task_id}").get_by_test_id("session-count")
    await expect(count).to_have_text("1")
    assert len(await open_terminals(page)) == 1
    await page.get_by_role("button", name="Close terminal").click()
    await expect(count).to_have_text("0")
    await expect(page.get_by_test_id("terminal")).to_have_count(0)
    await none_is_open(page)
    async with house.local.client() as podium:
        listed = await podium.maestro.ListSessions(
            calls.ListSessionsRequest(project_id=landed.project_id, task_id=task_id)
        )
        assert not listed.sessions
    await page.context.close()


async def test_the_input_is_taken_over_and_the_first_looks_on(house: House, landed: Landed) -> None:
    """Two browsers show one terminal, one types; the other takes over, and both see what it types."""
    first, second = await house.sign_in(), await house.sign_in()
    own = await work_on(house, first, landed, await new_task(house, landed, "For two"))
    await second.goto(first.url)
    other = second.get_by_test_id("terminal")
    await expect(other).to_have_attribute("data-writes", "false")
    await run(first, own, "echo $((6*7))-first", "42-first")
    await expect(other).to_contain_text("42-first")
    await other.get_by_role("button", name="Take over the input").click()
    await expect(own).to_have_attribute("data-writes", "false")
    await expect(other).to_have_attribute("data-writes", "true")
    await run(second, other, "echo $((6*7))-second", "42-second")
    await expect(own).to_contain_text("42-second")
    await second.get_by_role("button", name="Close terminal").click()
    await expect(first.get_by_text("This session is gone")).to_be_visible()
    await none_is_open(first)
    for page in (first, second):
        await page.context.close()


async def test_many_terminals_ride_in_one_watch(house: House, landed: Landed) -> None:
    """Seven terminals open in one tab, each can be typed into, and the page's calls still have connections."""
    page = await house.sign_in()
    task_id = await new_task(house, landed, "Seven at once")
    for number in range(7):
        terminal = await work_on(house, page, landed, task_id)
        await run(page, terminal, f"echo $((100+{number}))-of-seven", f"{100 + number}-of-seven")
    assert len(await open_terminals(page)) == 7
    assert await watches(house) == 1
    sessions = page.get_by_role("region", name="Sessions")
    for number in range(7):
        await sessions.get_by_role("link").nth(6 - number).click()
        await expect(page.get_by_test_id("terminal")).to_contain_text(f"{100 + number}-of-seven")
    for left in reversed(range(7)):
        await page.get_by_role("button", name="Close #").first.click()
        await expect(page.get_by_role("button", name="Close #")).to_have_count(left)
    await page.context.close()


async def test_a_terminal_outlives_killed_services(house: House, landed: Landed) -> None:
    """Maestro, then the gateway, are killed under an open terminal: it says so, goes on, and has kept what it said."""
    page = await house.sign_in()
    terminal = await work_on(house, page, landed, await new_task(house, landed, "Outlives"))
    await run(page, terminal, "echo $((40+2))-before", "42-before")
    for service in ("maestro", "gateway"):
        killed = house.local.kill(service)
        await house.local.back(service, killed)
        await house.connected(page)
        await ready(page)
        await run(page, terminal, f"echo $((40+2))-{service}", f"42-{service}")
    await expect(terminal).to_contain_text("42-before")
    await page.get_by_role("button", name="Close terminal").click()
    await expect(page.get_by_test_id("terminal")).to_have_count(0)
    await page.context.close()
