"""The demo task as a person does it in the browser: nothing but clicks, from its words to the landed commit."""

from typing import TYPE_CHECKING

from playwright.async_api import Locator, Page, expect

from tests.support.shop import EXAMPLE

if TYPE_CHECKING:
    from tests.browser.conftest import House, Landed


async def walk(house: "House") -> "Landed":
    from tests.browser.conftest import Landed

    page = await house.sign_in()
    await page.get_by_role("button", name="Create the first task").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What is to be done?").fill((EXAMPLE / "task.md").read_text().strip())
    await dialog.get_by_label("Repository", exact=True).fill(str(house.shop.repository))
    await dialog.get_by_role("button", name="Create and open").click()

    await page.get_by_role("button", name="Approve spec").click()
    await page.get_by_role("link", name="Open the plan").click()
    await page.get_by_role("button", name="Approve v1").click()

    await tab(page, "Work").click()
    await expect(page.get_by_test_id("node-money")).to_contain_text("Working")
    await expect(page.get_by_test_id("node-checkout")).to_contain_text("Waits for")
    await tab(page, "Agents").click()
    await page.get_by_role("button", name="Worker · money").click()
    await expect(page.get_by_test_id("transcript")).to_contain_text("Reading shop/money.py")
    await tab(page, "Work").click()
    await expect(page.get_by_test_id("node-money")).to_contain_text("Reading shop/money.py")
    await house.picture(page, "web-work", 530)
    house.shop.open_gate()

    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox").click()
    await page.get_by_role("button", name="half to even").click()
    await page.get_by_role("link", name="Look at the changes").click()
    await expect(page.get_by_role("region", name="Changes in shop/money.py")).to_be_visible()
    await house.picture(page, "web-review", 800)
    await page.get_by_role("button", name="Approve and land").click()
    commit = await page.get_by_test_id("landed").inner_text()
    pod_id = page.url.split("/pod/")[1].split("?")[0]
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="shop").click()
    await page.wait_for_url("**/project/**")
    project_id = page.url.split("/project/")[1].split("?")[0]
    await page.context.close()
    return Landed(pod_id, project_id, commit)


def tab(page: Page, name: str) -> Locator:
    """A tab of the pod."""
    return page.get_by_role("navigation", name="Parts of the pod").get_by_role("button", name=name)
