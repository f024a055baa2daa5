"""Test the committed report in Chromium, without a network."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import opened
from tests.projects import PROJECT

REPORT = (PROJECT / "report" / "report.html").as_uri()
MODELS = ["bilstm", "bigru", "baseline"]

pytestmark = pytest.mark.slow


def pixels(page: Page, selector: str) -> np.ndarray:
    """Return the pixels of an element, uint8, shape (height, width, 3)."""
    screenshot = page.locator(selector).screenshot()
    return np.asarray(Image.open(io.BytesIO(screenshot)).convert("RGB"))


@pytest.fixture(scope="module", params=[(390, "light"), (1280, "dark")], ids=str)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return the report without a network, on a phone and on a desktop screen."""
    width, scheme = request.param
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(browser, REPORT, offline=True, **options) as page:
        yield page


def test_every_figure_is_visible(page: Page) -> None:
    width = page.viewport_size["width"]
    figures = page.locator(".figure")
    markdown = (PROJECT / "report" / "report.md").read_text(encoding="utf-8")
    assert figures.count() == markdown.count("![") == 5
    style = "getComputedStyle(document.documentElement).getPropertyValue('--ink')"
    ink = np.array(list(bytes.fromhex(page.evaluate(style).strip().lstrip("#"))))
    for place in range(figures.count()):
        box = figures.nth(place).bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
        assert box["width"] >= 350
        assert box["height"] >= 0.5 * box["width"]
        name = figures.nth(place).get_attribute("aria-label")
        drawn = pixels(page, f".figure[aria-label='{name}']")
        # Axes and letters in the ink of the page, and the colors of models.
        assert (np.abs(drawn - ink).max(axis=2) < 40).mean() > 0.002, name
        if any(f"var(--{model}" in figures.nth(place).inner_html() for model in MODELS):
            assert (np.ptp(drawn.astype(int), axis=2) > 60).mean() > 0.001, name


def test_letters_in_figures_are_readable(page: Page) -> None:
    heights = page.eval_on_selector_all(
        ".figure text",
        # Some letters are rotated.
        "texts => texts.map(text => { const { a, b } = text.getScreenCTM();"
        " return text.getBBox().height * Math.hypot(a, b); })",
    )
    assert min(heights) >= 9


def test_page_fits_the_screen_and_the_color_scheme(page: Page) -> None:
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    hidden = page.eval_on_selector_all(
        ".table", "tables => tables.map(table => table.scrollWidth - table.clientWidth)"
    )
    assert page.locator("table").count() == len(hidden) > 3
    assert max(hidden) == 0
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    low, high = (0, 60) if dark else (240, 255)  # lightness
    assert low <= np.median(pixels(page, "h2:first-of-type")) <= high
