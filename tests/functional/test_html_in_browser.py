"""The page of a plan in a real browser: the answer, the table of steps, no requests, and names that mean harm."""

import time

import pytest
from htmlbrowser import ROWS, Show, paths, squares
from htmlplans import HARM, batch, harmful, header, large, refused, usual
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from rules_engine.plan.model import Count, Plan, Trailer
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape


def test_the_answer_can_be_seen_without_scrolling(show: Show) -> None:
    """How much goes, by which rules, as of when: all in the upper half of a usual window."""
    browser = show(usual())
    assert browser.find("h1").text == "39 files go, 640 MiB"
    for css, said in (("#answer .how", "`intermediates`"), ("#answer dl", "2026-03-01T04:00:00Z")):
        found = browser.find(css)
        assert said.strip("`") in found.text
        assert found.rect["y"] + found.rect["height"] < 600
    assert browser.complaints() == []


def test_a_refused_plan_says_so_before_everything_else(show: Show) -> None:
    """In words, at the top, in the title too; releases and deliverables come before the map."""
    browser = show(refused())
    assert browser.driver.title == "REFUSED: 39 files would go, 640 MiB"
    order = ["div.alarm", "h1", "#releases", "#deliverables", "#map", "#steps", "#kept", "#rules", "#due", "#problems"]
    tops = [browser.find(css).rect["y"] for css in order]
    assert tops == sorted(tops)
    assert browser.find("div.alarm h2").text == "REFUSED: this plan cannot be applied as it is"
    releases = browser.find("#releases").text
    assert "not released; if that is right, plan with" in releases
    assert "released on purpose" in releases
    assert "DELIVERABLES go: 2 files, 300 MiB" in browser.find("#deliverables").text
    assert "until it is taken away" in browser.find("#kept").text


def test_no_request_leaves_the_page(show: Show) -> None:
    """The file is all that is read, whatever is pressed on it."""
    browser = show(usual())
    browser.find("[data-sort=size]").click()
    browser.find("#squares g.opens").click()
    assert [one.partition(":")[0] for one in browser.requests()] in (["file"], ["file", "data"])
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.complaints() == []


@pytest.mark.parametrize(
    "attempt",
    [
        "fetch(address)",
        "new Image().src = address",
        "document.body.append(Object.assign(document.createElement('script'), {src: address}))",
        "document.body.append(Object.assign(document.createElement('iframe'), {src: address}))",
    ],
    ids=["fetch", "image", "script", "frame"],
)
def test_the_page_forbids_itself_to_ask_for_anything(show: Show, attempt: str) -> None:
    """Even a script that got into it could not tell anybody what the plan says."""
    browser = show(usual())
    browser.run(
        "window.refused = [];"
        "document.addEventListener('securitypolicyviolation', one => refused.push(one.blockedURI));"
        f"const address = 'http://127.0.0.1:9/told'; try {{ Promise.resolve({attempt}).catch(() => 0) }} catch {{}}"
    )
    browser.until("return refused.length > 0")
    assert browser.run("return refused") in (["http://127.0.0.1:9/told"], ["http://127.0.0.1:9"])
    browser.complaints()


def test_no_script_but_its_own_runs_in_the_page(show: Show) -> None:
    """Neither an element nor an attribute, should a name ever get out of its place."""
    browser = show(usual())
    browser.run(
        "window.refused = [];"
        "document.addEventListener('securitypolicyviolation', one => refused.push(one.effectiveDirective));"
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.owned = 1'}));"
        "document.body.insertAdjacentHTML('beforeend', '<p id=p onclick=\"window.owned = 2\">p</p>');"
        "document.querySelector('#p').click();"
    )
    browser.until("return refused.length === 2")
    assert browser.run("return refused") == ["script-src-elem", "script-src-attr"]
    assert browser.run("return window.owned") is None


def test_typing_narrows_the_rows(show: Show) -> None:
    """By text, action, rule, directory and kind of file; all together; and back."""
    browser = show(usual())
    assert browser.text("#found") == "35 of 35 steps, 640 MiB"
    browser.find("#filter-text").send_keys("SLIDE_00")
    assert browser.text("#found") == "20 of 35 steps, 145 MiB"
    browser.find("#filter-directory").send_keys("scratch/b")
    assert browser.text("#found") == "10 of 35 steps, 100 MiB"
    assert all(path.startswith("scratch/b/slides/slide_00") for path in paths(browser))
    browser.find("#filters button[type=reset]").click()
    browser.until("return document.querySelector('#found').textContent.startsWith('35 ')")
    Select(browser.find("#filter-action")).select_by_visible_text("trash")
    browser.until("return document.querySelector('#found').textContent.startsWith('2 ')")
    assert paths(browser) == ["out/Suits/final.mkv", "out/Suits/final.srt"]
    Select(browser.find("#filter-rule")).select_by_visible_text("intermediates")
    browser.until("return document.querySelector('#found').textContent === '0 of 35 steps, 0 B'")
    browser.find("#filters button[type=reset]").click()
    browser.until("return document.querySelector('#found').textContent.startsWith('35 ')")
    browser.find("#filter-deliverable").click()
    assert len(paths(browser)) == 2
    assert "DELIVERABLE" in browser.find(ROWS).text


def test_sorting_by_size_shows_the_largest_first(show: Show) -> None:
    """Then the smallest, then the order of carrying out again; a reader that hears the page is told."""
    browser = show(usual())
    before = paths(browser)
    button = browser.find("[data-sort=size]")
    head = browser.find("#table th.number")
    button.click()
    assert paths(browser)[:2] == ["out/Suits/final.mkv", "scratch/whole"]
    assert head.get_attribute("aria-sort") == "descending"
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert paths(browser)[-1] == "out/Suits/final.mkv"
    button.click()
    assert paths(browser) == before
    browser.find("[data-sort=path]").send_keys(Keys.ENTER)
    assert paths(browser) == sorted(before)


def test_a_directory_that_goes_whole_says_how_many_files_it_holds(show: Show) -> None:
    """In the table, in what is told of the step, and in the map."""
    browser = show(usual())
    browser.find("#filter-text").send_keys("whole")
    assert "whole/ (whole directory, 7 files)" in browser.find(ROWS).text
    browser.find(ROWS).click()
    assert "scratch/whole/ (whole directory, 7 files)" in browser.find("#chosen").text
    assert "reason: unit" in browser.find("#chosen").text
    browser.all("#squares g.opens")[1].click()
    assert "whole/ (whole directory, 7 files): 7 files, 50.0 MiB go" in squares(browser)


@pytest.mark.slow
def test_a_hundred_thousand_steps_stay_smooth(show: Show) -> None:
    """They load in seconds, are filtered and sorted at once, and the page never holds 200 rows."""
    plan = large(100_000)
    started = time.monotonic()
    browser = show(plan)
    assert browser.text("#found") == "100 000 of 100 000 steps, 4.7 GiB"
    assert time.monotonic() - started < 20
    assert len(paths(browser)) < 200
    browser.find("[data-sort=size]").click()
    assert paths(browser)[0].endswith("/temp_slide_099999.png")
    browser.run("const found = document.querySelector('#window'); found.scrollTop = found.scrollHeight")
    browser.until("return document.querySelector('#table tbody').textContent.includes('temp_slide_000000.png')")
    assert len(paths(browser)) < 200
    started = time.monotonic()
    browser.find("#filter-text").send_keys("99999")
    assert browser.text("#found") == "1 of 100 000 steps, 97.7 KiB"
    assert time.monotonic() - started < 10
    assert browser.run("return document.querySelectorAll('#squares g[tabindex]').length") == 1
    assert browser.run("return document.querySelectorAll('*').length") < 2_000


def test_names_that_mean_harm_are_only_shown(show: Show) -> None:
    """No script in a name runs, no tag is one, no mark turns a line round: all of them are read, in every section."""
    browser = show(harmful())
    for one in browser.all("#squares g[tabindex]")[:3]:
        browser.driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('mouseenter'))", one)
    for place in range(len(HARM)):
        browser.run(f"document.querySelector('{ROWS}[data-place=\"{len(HARM) + place}\"]').click()")
    browser.find("input[value=rule]").click()
    assert browser.run("return window.owned") is None
    assert browser.all("img, table b, .path script, td script") == []
    assert browser.complaints() == []
    said = browser.run("return document.body.innerText")
    for section in ("#releases", "#deliverables", "#kept", "#rules", "#problems", "#skipped", "#filter-rule", "#table"):
        text = browser.text(section)
        assert "<img src=x onerror=window.owned=3>" in text
        assert "&lt;b&gt;" in text
        assert "two\\nlines" in text
        assert "film\\u202evkm.exe" in text
        assert "bytes\\xff\\x80" in text
    assert "\u202e" not in said
    assert escape(" ".join(HARM)) in said


def test_sizes_read_as_in_the_text_of_a_plan(show: Show) -> None:
    """One formatter in two languages: also where a half has to be rounded."""
    sizes = [0, 1, 1023, 1024, 1280, 1792, 102_400, 102_912, 103_936, 1_048_575, 2**20 * 5 // 4, 2**30 - 1]
    sizes += [2**30 * 7 // 4, 3 * 2**39, 2**40 * 1023, 2**50 * 5 // 4, 2**50 * 8191, 123_456_789, 10**12, 10**15]
    plan = Plan(
        header(), [batch("a", [(f"{at:02d}", size) for at, size in enumerate(sizes)])], Trailer(looked_at=Count(1))
    )
    browser = show(plan)
    shown = browser.run(f"return [...document.querySelectorAll('{ROWS} td.number')].map(one => one.textContent)")
    assert shown == [format_size(size) for size in sizes]
