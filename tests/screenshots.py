"""Takes the pictures of docs/reading-a-plan.md from pages of real plans: `./dev screenshots` writes them anew."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS / "functional"))

from htmlbrowser import MISSING, Browser, started  # noqa: E402 - beside the tests that use them
from htmlplans import page_of, refused  # noqa: E402 - same
from selenium.common.exceptions import WebDriverException  # noqa: E402 - same

from rules_engine.cli.planfiles import plan_file  # noqa: E402 - same

IMAGES: Final = TESTS.parent / "docs" / "images"
_SCALE: Final = {"width": 1280, "height": 860, "deviceScaleFactor": 1, "mobile": False}


def _take(browser: Browser, name: str) -> None:
    browser.driver.save_screenshot(str(IMAGES / f"{name}.png"))


def _light(browser: Browser) -> None:
    _take(browser, "plan-light")


def _dark(browser: Browser) -> None:
    browser.prefer("dark")
    _take(browser, "plan-dark")


def _map(browser: Browser) -> None:
    browser.all("#squares g.opens")[0].click()
    browser.run("document.querySelector('#map').scrollIntoView()")
    browser.press("\ue014", "\ue014")  # arrow right, twice
    _take(browser, "plan-map")


def _table(browser: Browser) -> None:
    browser.find("#filter-text").send_keys("back_to")
    browser.find("[data-sort=size]").click()
    browser.find("#table tbody tr[data-place='2']").click()
    browser.run("document.querySelector('#steps').scrollIntoView()")
    _take(browser, "plan-table")


def main() -> int:
    """Write every picture; the plan is the one of `rules demo`, and one that is refused."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "refused").mkdir()
        demo = [sys.executable, "-m", "rules_engine", "demo", "--directory", str(place / "demo")]
        subprocess.run(demo, check=True, capture_output=True)
        with plan_file(str(place / "demo" / "plan.jsonl")) as plan:
            usual = page_of(plan, place)
        pictures: list[tuple[Path, Callable[[Browser], None]]] = [(usual, one) for one in (_light, _dark, _map, _table)]
        pictures.append((page_of(refused(), place / "refused"), lambda browser: _take(browser, "plan-refused")))
        try:
            with started(place / "profile") as browser:
                browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _SCALE)
                for page, take in pictures:
                    take(browser.open(page))
        except WebDriverException as err:
            sys.stderr.write(f"{MISSING}: {err.msg}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
