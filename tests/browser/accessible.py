"""What axe says of a page, as it is now."""

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Page

_RUN = """async (options) => {
  const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...options });
  const where = (node) => `  ${node.target} ${node.html.slice(0, 200)}`;
  return violations.map((each) => [`${each.id}: ${each.help}`, ...each.nodes.map(where)].join('\\n'));
}"""


_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


async def assert_accessible(page: Page, what: str, *, colours_only: bool = False) -> None:
    """No violations; with `colours_only`, of the rules on colours. A document gets the half megabyte of axe once."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    violations: list[str] = await page.evaluate(_RUN, _COLOURS if colours_only else {})
    assert not violations, "\n".join([what, *violations])


async def assert_accessible_in_both_themes(page: Page, what: str) -> None:
    """Light and dark, which follow the system while nobody chose, and differ in nothing but colours."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        await page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        await assert_accessible(page, f"{what}, {theme}", colours_only=theme == "dark")
