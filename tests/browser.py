"""A browser, which opens the pages of the project in tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def launch(playwright: Playwright) -> Browser:
    """Start a Chromium in PATH, Playwright's own, or Chrome or Edge if installed."""
    found = [{"executable_path": path} for path in map(shutil.which, PROGRAMS) if path]
    for place in (*found, {}, {"channel": "chrome"}, {"channel": "msedge"}):
        with suppress(Error):
            # Chromium has no sandbox if it runs as root, as in a container.
            return playwright.chromium.launch(args=["--no-sandbox"], **place)
    pytest.skip("no Chromium is installed: run playwright install chromium")


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Open a page, which must log nothing and request nothing but its own address."""
    page = browser.new_page(**options)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto(address)
    own = page.url  # normalized, as in requests
    yield page
    assert [each for each in seen if each != own and not each.startswith("data:")] == []
    page.close()
