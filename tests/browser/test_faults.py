"""Services that go away while the page is open."""

import re

import pytest
from playwright.async_api import expect

from podium.tasks.v1 import maestro_service_pb2 as calls
from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("service", ["maestro", "gateway"])
async def test_a_page_outlives_a_killed_service(house: House, landed: Landed, service: str) -> None:
    """The page says that something is away, comes back by itself, and shows what happened meanwhile."""
    page = await house.sign_in()
    await page.goto(f"{house.url}/project/{landed.project_id}")
    await expect(page.get_by_test_id(f"task-{landed.pod_id}")).to_be_visible()
    killed = house.local.kill(service)
    away = re.compile("reconnecting|interrupted")
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", away)
    await house.local.back(service, killed)
    title = f"Made while {service} was away"
    async with house.local.client() as podium:
        await podium.maestro.CreateTask(calls.CreateTaskRequest(project_id=landed.project_id, title=title))
    await expect(page.get_by_role("region", name="Tasks")).to_contain_text(title)
    await house.connected(page)
    await page.context.close()
