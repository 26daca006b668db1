"""The system's Chromium, driven by its own driver: nothing is downloaded; without a test of its own."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from rules_engine.plan.model import Plan

CHROMIUM: Final = shutil.which("chromium")
DRIVER: Final = shutil.which("chromedriver")
MISSING: Final = "needs Debian's chromium and chromium-driver"
_FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
]


@dataclass(frozen=True)
class Browser:
    """A browser with one window."""

    driver: Chrome

    def open(self, page: Path) -> "Browser":
        """Show a page, in a window of the usual size, in light colours."""
        self.driver.get("about:blank")
        self.driver.set_window_size(1280, 900)
        self.prefer("light")
        self.requests()
        self.complaints()
        self.driver.get(page.as_uri())
        return self

    def prefer(self, scheme: str) -> None:
        """Let the system prefer light or dark colours."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last call."""
        messages = [json.loads(one["message"])["message"] for one in self.driver.get_log("performance")]
        return [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the console says since the last call."""
        return [one["message"] for one in self.driver.get_log("browser")]

    def find(self, css: str) -> WebElement:
        """The first element."""
        return self.driver.find_element("css selector", css)

    def all(self, css: str) -> list[WebElement]:
        """All elements, in order."""
        return self.driver.find_elements("css selector", css)

    def run(self, script: str, *arguments: object) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def text(self, css: str) -> str:
        """All text of an element, also of one that cannot be seen."""
        return str(self.run("return document.querySelector(arguments[0]).textContent", css))

    def until(self, script: str) -> None:
        """Wait until a script in the page returns true."""
        WebDriverWait(self.driver, 20, poll_frequency=0.02).until(lambda _: self.run(script))

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)


@contextmanager
def started(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile, until the end of the block."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


Show: TypeAlias = Callable[[Plan], Browser]
"""Opens the page of a plan; the fixture `show` is one."""
ROWS: Final = "#table tbody tr[data-place]"


def paths(browser: Browser) -> list[str]:
    """The paths in the rows of the table that are in the page."""
    return list(browser.run(f"return [...document.querySelectorAll('{ROWS} td.path')].map(one => one.title)"))


def squares(browser: Browser) -> list[str]:
    """What the squares of the map say to those who cannot see them."""
    script = "return [...document.querySelectorAll('#squares g[tabindex]')].map(one => one.getAttribute('aria-label'))"
    return list(browser.run(script))
