"""Services that go away while the page is open."""

import pytest
from playwright.async_api import expect

from podium.tasks.v1 import maestro_service_pb2 as calls
from tests.browser.conftest import House, Landed

pytestmark = pytest.mark.asyncio(loop_scope="session")


RECORD = """() => {
  const shown = document.querySelector('[data-testid="connection"]');
  window.states = [shown.dataset.state];
  new MutationObserver(() => window.states.push(shown.dataset.state)).observe(shown, { attributes: true });
}"""
"""Notes what the page says of its connection, however short it says it."""


NEXT_TRY_MS = 75_000
"""A page that found nobody a few times waits up to 45 s before it tries again."""


@pytest.mark.parametrize("service", ["maestro", "gateway"])
async def test_a_page_outlives_a_killed_service(house: House, landed: Landed, service: str) -> None:
    """The page says that something is away, comes back by itself, and shows what happened meanwhile."""
    page = await house.open(f"project/{landed.project_id}")
    try:
        await expect(page.get_by_test_id(f"task-{landed.pod_id}")).to_be_visible()
        await page.evaluate(RECORD)
        killed = house.local.kill(service)
        await page.wait_for_function("() => window.states.some((state) => state !== 'connected')")
        await house.local.back(service, killed)
        title = f"Made while {service} was away"
        async with house.local.client() as podium:
            await podium.maestro.CreateTask(calls.CreateTaskRequest(project_id=landed.project_id, title=title))
        await expect(page.get_by_role("region", name="Tasks")).to_contain_text(title, timeout=NEXT_TRY_MS)
        await house.connected(page)
    finally:
        await page.context.close()
