"""The place that the tests of the command line work in, and the browser that shows their pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cliplace import CLEANUP, LAYOUT, SETTINGS, Place
from htmlbrowser import CHROMIUM, DRIVER, MISSING, Browser, Show, started
from htmlplans import page_of

from rules_engine.filesystem.root import Root


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A root with two stray temps, a part, and a protected temp."""
    place = Place(tmp_path)
    place.write("policies/cleanup.yaml", CLEANUP)
    place.write("policies/settings.yaml", SETTINGS)
    place.write("media/a/temp_1", "12345")
    place.write("media/a/temp_2", "123")
    place.write("media/a/film.part", "1234567")
    place.write("media/hero/temp_3", "12")
    place.write("media/film.mkv", "1")
    Root.create(str(place.media)).close()
    return place


@pytest.fixture
def studio(place: Place) -> Place:
    """A root with a layout for clips."""
    place.write("policies/clip.yaml", LAYOUT)
    return place


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all pages; starting it takes longer than most tests."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(MISSING)
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Show:
    """Opens the page of a plan."""
    return lambda plan: browser.open(page_of(plan, tmp_path))
