"""The board: live, filtered, walked over by keyboard; what wants a person is told by the browser too."""

import pytest
from playwright.async_api import Page, expect

from podium.tasks.v1 import maestro_service_pb2 as calls
from tests.browser.agents import cancel, of, open_pod
from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTEN = """() => {
  window.told = [];
  window.Notification = class {
    static permission = 'granted';
    constructor(title, { body }) { window.told.push(`${title}: ${body}`); }
  };
}"""
"""The browser's notifications are noted; that a person let Podium send them is not what is tested."""


async def shown(page: Page, count: int) -> None:
    await expect(page.get_by_test_id("board")).to_have_attribute("data-count", str(count))


async def test_the_board_is_live_filtered_and_walked_by_keyboard(house: House, landed: Landed) -> None:
    """Pods of a new project come by themselves, with the project; each filter holds; j, l and Enter lead to a pod."""
    page = await house.open()
    await expect(page.get_by_test_id(f"card-{landed.pod_id}")).to_be_visible()
    await page.evaluate(LISTEN)
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Find").fill("Notifications")
    await page.keyboard.press("Enter")
    await page.get_by_label("Also while I look at Podium").check()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    async with house.local.client() as podium:
        request = calls.CreateProjectRequest(
            project_id="tea", name="tea", repository=str(house.shop.repository / "tea")
        )
        await podium.maestro.CreateProject(request)
    # Nobody offers their agent: nothing runs in them.
    rules = of("nobody")
    pods = [await open_pod(house, "tea", title, policy=rules) for title in ("Brew it hot", "Serve it cold")]
    for pod_id in pods:
        await expect(page.get_by_test_id(f"card-{pod_id}")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="tea")).to_be_visible()
    await page.wait_for_function("() => window.told.some((each) => each.includes('Brew it hot'))")

    await page.keyboard.press("/")
    await page.keyboard.type("brew")
    await shown(page, 1)
    await page.get_by_label("Filter pods").fill("it")
    await page.get_by_label("Project", exact=True).select_option("tea")
    await shown(page, 2)
    await page.get_by_role("button", name="Wants you").click()
    await shown(page, 2)
    await page.get_by_label("Filter pods").fill("nothing is called so")
    await expect(page.get_by_text("No match").first).to_be_visible()
    await page.get_by_label("Filter pods").fill("")
    await shown(page, 2)

    await page.get_by_label("Filter pods").press("ArrowDown")
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Brew it hot")).to_be_focused()
    await page.keyboard.press("k")
    await expect(page.get_by_role("link", name="Serve it cold")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/pod/{pods[1]}")
    await expect(page.get_by_role("heading", name="Serve it cold")).to_be_visible()
    await page.context.close()
    for pod_id in pods:
        await cancel(house, pod_id)


async def test_a_task_is_kept_and_its_list_walked_by_keyboard(house: House, landed: Landed) -> None:
    """A task without a pod comes to the panes; its row is reached, unfolded and folded by keys alone."""
    page = await house.open(f"project/{landed.project_id}")
    await expect(page.get_by_test_id(f"task-{landed.pod_id}")).to_be_visible()
    await page.keyboard.press("c")
    await page.get_by_label("What is to be done?").fill("Paint the shop\n\nGreen.")
    await page.get_by_label("Only keep it").check()
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**task=**")
    await expect(page.get_by_role("heading", name="Paint the shop")).to_be_visible()
    await expect(page.get_by_role("button", name="Give it to agents")).to_be_visible()
    tasks = page.get_by_role("region", name="Tasks")
    await page.get_by_label("Filter tasks").fill("paint")
    await expect(tasks.get_by_role("listitem")).to_have_count(1)
    await page.get_by_label("Filter tasks").press("ArrowDown")
    await expect(tasks.get_by_role("link", name="Paint the shop")).to_be_focused()
    await page.keyboard.press("l")
    await expect(tasks.get_by_text("No session works on it.")).to_be_visible()
    await page.keyboard.press("h")
    await expect(tasks.get_by_text("No session works on it.")).to_have_count(0)
    await page.context.close()
