"""The committed report, as a reader sees it: in Chromium, without a network."""

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.projects import PROJECT

REPORT = (PROJECT / "report" / "report.html").as_uri()
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDTHS = [390, 1280]
SCHEMES = ["light", "dark"]
# The lightness of the page, 0 to 255.
PAPER = {"light": (240, 255), "dark": (0, 60)}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@dataclass
class Opened:
    """A page that is open, what it asked for, and what it said on the console."""

    page: Page
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def pixels(self, selector: str) -> np.ndarray:
        """Return what an element looks like, uint8, shape (height, width, 3)."""
        picture = self.page.locator(selector).screenshot()
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))

    def color(self, variable: str) -> np.ndarray:
        """Return a colour of the page's style, shape (3,)."""
        text = self.page.evaluate(
            "name => getComputedStyle(document.documentElement).getPropertyValue(name)", variable
        )
        digits = text.strip().lstrip("#")
        whole = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
        return np.array([int(whole[place : place + 2], 16) for place in (0, 2, 4)])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium."""
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium has no sandbox.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=str)
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Return the report, opened without a network, on a phone and on a desk, in light and dark."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    opened = Opened(context.new_page())
    opened.page.on("request", lambda asked: opened.requests.append(asked.url))
    opened.page.on("console", lambda message: opened.console.append(message.text))
    opened.page.on("pageerror", lambda error: opened.console.append(str(error)))
    opened.page.goto(REPORT)
    opened.page.wait_for_load_state("networkidle")
    yield opened
    context.close()


def test_nothing_is_asked_for_and_nothing_said(opened: Opened) -> None:
    assert opened.requests == [REPORT]
    assert opened.console == []
    assert opened.page.title().startswith("BiLSTM or BiGRU?")


def test_every_figure_is_seen(opened: Opened) -> None:
    width = opened.page.viewport_size["width"]
    figures = opened.page.locator(".figure")
    markdown = (PROJECT / "report" / "report.md").read_text(encoding="utf-8")
    assert figures.count() == markdown.count("](../") > 10
    ink = opened.color("--ink")
    for place in range(figures.count()):
        box = figures.nth(place).bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
        assert box["width"] >= 350
        assert box["height"] >= 0.7 * box["width"]
        name = figures.nth(place).get_attribute("aria-label")
        pixels = opened.pixels(f".figure[aria-label='{name}']")
        # The axes and letters in the page's ink, and something in colour.
        assert (np.abs(pixels - ink).max(axis=2) < 40).mean() > 0.002, name
        assert (np.ptp(pixels.astype(int), axis=2) > 60).mean() > 0.001, name


def test_letters_in_figures_are_large_enough_to_read(opened: Opened) -> None:
    heights = opened.page.eval_on_selector_all(
        ".figure text",
        # Some are turned.
        "texts => texts.map(text => { const { a, b } = text.getScreenCTM();"
        " return text.getBBox().height * Math.hypot(a, b); })",
    )
    assert min(heights) >= 9


def test_light_and_dark_are_as_asked_for(opened: Opened) -> None:
    dark = opened.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    low, high = PAPER["dark" if dark else "light"]
    pixels = opened.pixels("h2:first-of-type")
    assert low <= np.median(pixels) <= high


def test_the_page_does_not_scroll_sideways(opened: Opened) -> None:
    width = opened.page.viewport_size["width"]
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_models_keep_their_colours(opened: Opened) -> None:
    pixels = opened.pixels(".figure[aria-label^='Accuracy of each model']")
    for model in ("bilstm", "bigru", "baseline"):
        close = np.abs(pixels - opened.color(f"--{model}")).max(axis=2) < 12
        assert close.sum() > 20, model
