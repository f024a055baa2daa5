"""Chromium, which opens the pages of the project in tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDTHS = [390, 1280]  # of a phone and a desktop screen
SCHEMES = ["light", "dark"]
# Range of the lightness of the page, 0 to 255.
PAPER = {"light": (240, 255), "dark": (0, 60)}


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Open a headless Chromium."""
    with sync_playwright() as playwright:
        # Chromium has no sandbox if it runs as root, as in a container.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()
