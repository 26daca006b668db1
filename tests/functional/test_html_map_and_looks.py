"""The map of a page in a real browser, and how the page looks: keys, colours, paper, narrow windows."""

from collections.abc import Callable

import pytest
from htmlbrowser import ROWS, Browser, Show, paths, squares
from htmlplans import batch, header, large, refused, usual
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from rules_engine.plan.model import Count, Plan, Trailer


def test_the_map_is_walked_and_opened_with_keys_alone(show: Show) -> None:
    """Tab comes to it, arrows move, Enter opens, Escape goes back to where one was; the focus can be seen."""
    browser = show(usual())
    assert squares(browser) == [
        "out/: 2 files, 300 MiB go; 3 files, 60.0 MiB stay; opens",
        "scratch/: 37 files, 340 MiB go; 4 files, 1.0 MiB stay; opens",
    ]
    browser.run("document.querySelector('#to-steps').focus()")
    browser.press(Keys.TAB)
    label = "return document.activeElement.getAttribute('aria-label')"
    assert browser.run(label) == squares(browser)[0]
    ring = "return getComputedStyle(document.activeElement.querySelector('.ring')).strokeWidth"
    assert browser.run(ring) == "4px"
    browser.press(Keys.ARROW_RIGHT)
    assert browser.run(label) == squares(browser)[1]
    assert browser.text("#spot") == "scratch: 37 files, 340 MiB go; 4 files, 1.0 MiB stay"
    browser.press(Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ENTER)
    assert [one.text for one in browser.all("#crumbs button")] == ["everything", "scratch/"]
    assert browser.run(label) == "a/: 20 files, 190 MiB go; 4 files, 1.0 MiB stay; opens"
    browser.press(Keys.ENTER, Keys.ENTER)
    assert browser.run(label) == "slide_019.png: 1 file, 19.0 MiB goes"
    browser.press(Keys.ESCAPE, Keys.ESCAPE, Keys.ESCAPE, Keys.ESCAPE)
    assert browser.run(label) == squares(browser)[1]
    assert [one.text for one in browser.all("#crumbs button")] == ["everything"]


def test_the_areas_of_the_map_are_the_sizes(show: Show) -> None:
    """Every square has its share of the whole, none lies over another."""
    browser = show(usual())
    boxes = browser.run("return [...document.querySelectorAll('#squares .ring')].map(one => one.getBBox())")
    areas = [(one["width"] + 2) * (one["height"] + 2) for one in boxes]
    assert areas[0] / areas[1] == pytest.approx(360 / 341, rel=0.02)
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] or boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]


def test_the_map_by_rule_says_why_and_leads_to_the_steps(show: Show) -> None:
    """The rules by which files go, and the reasons for which they stay; a square opens onto its directories."""
    browser = show(usual())
    browser.find("input[value=rule]").click()
    assert [one.partition(":")[0] for one in squares(browser)] == [
        "goes by intermediates",
        "goes by older",
        "stays",
        "stays",
    ]
    browser.find("#squares g.opens").click()
    browser.find("#to-steps").click()
    browser.until("return document.activeElement.id === 'window'")
    assert browser.text("#found") == "31 of 35 steps, 340 MiB"
    browser.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert browser.run("return document.querySelector('tr[aria-current=true]').dataset.place") == "1"
    assert "policies/intermediates.yaml:7" in browser.text("#chosen")
    assert "2026-02-20T08:30:00Z" in browser.text("#chosen")


def test_empty_files_are_drawn_by_their_number(show: Show) -> None:
    """They have no size, and go all the same."""
    none = [batch("a", [("x", 0), ("y", 0), ("z", 0)]), batch("b", [("x", 0)])]
    browser = show(Plan(header(), none, Trailer(steps={"delete": Count(4)}, looked_at=Count(4))))
    assert squares(browser) == ["a/: 3 files, 0 B go; opens", "b/: 1 file, 0 B goes; opens"]
    boxes = browser.run("return [...document.querySelectorAll('#squares .ring')].map(one => one.getBBox().width)")
    assert boxes[0] / boxes[1] == pytest.approx(3, rel=0.02)


def test_what_the_map_shows_stands_in_a_table_too(show: Show) -> None:
    """For those who hear the page; its buttons open the same levels."""
    browser = show(usual())
    browser.find("#map summary").click()
    rows = [one.text for one in browser.all("#squares-table tbody tr")]
    assert rows == ["out/ 2 files, 300 MiB 3 files, 60.0 MiB", "scratch/ 37 files, 340 MiB 4 files, 1.0 MiB"]
    browser.all("#squares-table tbody button")[1].click()
    assert browser.text("#squares-table tbody").startswith("a/20 files, 190 MiB")


@pytest.mark.parametrize("plan", [usual, refused], ids=["usual", "refused"])
@pytest.mark.parametrize("how", ["light", "dark", "switched"])
def test_all_text_has_contrast(show: Show, how: str, plan: Callable[[], Plan]) -> None:
    """At least 4.5 to 1 in both colourings, also where the switch says otherwise than the system."""
    browser = show(plan())
    light = browser.run("return getComputedStyle(document.body).backgroundColor")
    if how == "dark":
        browser.prefer("dark")
    if how == "switched":
        Select(browser.find("#theme")).select_by_value("dark")
    browser.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    browser.find(ROWS).click()
    assert (browser.run("return getComputedStyle(document.body).backgroundColor") == light) is (how == "light")
    found = browser.run(_CONTRASTS)
    assert len(found) > 100
    assert [one for one in found if one[1] < 4.5] == []


_CONTRASTS = """
const numbers = text => text.match(/[0-9.]+/g).map(Number);
const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const level = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
const inSquare = one => one.namespaceURI.endsWith("svg");
const ground = one => {
  if (inSquare(one)) return getComputedStyle(document.querySelector("#squares .frame")).fill;
  for (; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if ((numbers(colour)[3] ?? 1) === 1) return colour;
  }
};
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (walk.nextNode()) {
  const [text, one] = [walk.currentNode.data, walk.currentNode.parentElement];
  if (!text.trim() || one.closest("script, noscript, title, option") || !one.getClientRects().length) continue;
  const style = getComputedStyle(one);
  const [ink, paper] = [inSquare(one) ? style.fill : style.color, ground(one)].map(numbers).map(level);
  found.push([text, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)]);
}
return found;
"""


def test_print_has_no_tools_and_more_rows(show: Show) -> None:
    """On paper there is nothing to press, and as many rows as somebody may read."""
    browser = show(large(2_000))
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert not any(one.is_displayed() for one in browser.all(".tools, .theme, .top nav"))
    assert len(paths(browser)) == 500
    assert browser.text("#table tbody").endswith("and 1 500 more")
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert len(paths(browser)) < 200


def test_without_scripts_the_page_still_answers(show: Show, browser: Browser) -> None:
    """The answer, the rules and the reasons are text; what needs a script is not there, and the page says so."""
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(usual())
        assert browser.find("h1").text == "39 files go, 640 MiB"
        assert browser.find("#rules").is_displayed()
        assert not browser.find("#map").is_displayed()
        assert "rules show FILE --steps" in browser.find("noscript").text
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_narrow_window_cuts_nothing_off(show: Show) -> None:
    """On a telephone the page is as wide as the screen; only the table of steps scrolls sideways, in itself."""
    browser = show(refused())
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.until("return document.querySelector('#squares svg').viewBox.baseVal.width < 390")
        assert browser.run("return document.documentElement.scrollWidth") <= 390
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
