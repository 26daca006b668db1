"""Trees as deep as any were met: three thousand levels, longer than any path that the system takes at once."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cliplace import CLEANUP, SETTINGS, Answer, Place

RULES = """\
  - {name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}
  - {name: empties, directories: {match: ["/old/**/"], empty: true}, after: 0s, action: delete}
"""
EVERY = 250
"""So many levels from one file to the next."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A root that is removed by a program that can: Python's own gives up a thousand levels down."""
    found = Place(tmp_path)
    found.write("policies/cleanup.yaml", CLEANUP + RULES)
    found.write("policies/settings.yaml", SETTINGS.replace("limits: {files: 100}", "limits: {files: 100000}"))
    found.media.mkdir()
    assert found.rules("init", "--root", "media").code == 0
    yield found
    subprocess.run(["rm", "-rf", str(found.media)], check=True)


def _dig(top: Path, levels: int, *names: str) -> None:
    """A chain of directories below `top`, with these files at some levels."""
    top.mkdir(parents=True)
    here = os.open(top, os.O_RDONLY)
    for level in range(levels):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
        for name in names if level % EVERY == EVERY - 1 else ():
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=here))
    os.close(here)


def _found(top: Path, name: str) -> int:
    """How many entries of that name there are below `top`."""
    said = subprocess.run(["find", str(top), "-name", name, "-printf", "x"], check=True, capture_output=True)
    return len(said.stdout)


def _worked() -> float:
    """Seconds that this process worked: the system itself goes through the whole of a path with each call."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def _fine(answer: Answer) -> Answer:
    assert answer.code == 0, answer.err
    return answer


def test_three_thousand_levels_are_planned_applied_and_put_back(place: Place) -> None:
    """Files go, what was set aside comes back, and what keeps a path of six thousand bytes says so."""
    _dig(place.media / "deep", 3_000, "temp_1", "a.part", "stays")
    before = _worked()
    _fine(place.rules("plan", "--out", "p.jsonl"))
    _fine(place.rules("apply", "p.jsonl"))
    assert [_found(place.media / "deep", name) for name in ("temp_1", "a.part", "stays")] == [0, 0, 12]
    _fine(place.rules("restore", "--last", "--yes"))
    assert [_found(place.media / "deep", name) for name in ("temp_1", "a.part", "stays")] == [0, 12, 12]
    document = _fine(place.rules("explain", "deep" + "/d" * 3_000 + "/stays", "--format", "json")).document
    assert document["paths"][0]["decision"] == "kept"
    assert _worked() - before < 30


def test_deep_directories_go_whole_and_empty_ones_one_by_one(place: Place) -> None:
    """A thousand levels in one step, and a thousand steps; the one comes back in one step as well."""
    _dig(place.media / "cache/a", 1_000, "f")
    _dig(place.media / "old/a", 1_000)
    _fine(place.rules("apply", "--yes"))
    assert not list((place.media / "cache").iterdir())
    assert not list((place.media / "old").iterdir())
    _fine(place.rules("restore", "--last", "--yes"))
    assert _found(place.media / "cache/a", "f") == 4


def test_four_times_as_deep_takes_not_much_more_than_four_times_as_long(place: Place) -> None:
    """Whatever is asked of a directory is known from the one above it: no step goes through all of them again."""
    took: list[float] = []
    for levels in (500, 2_000):
        _dig(place.media / "deep", levels, "temp_1", "a.part")
        before = _worked()
        _fine(place.rules("apply", "--yes"))
        took.append(_worked() - before)
        subprocess.run(["rm", "-rf", str(place.media / "deep")], check=True)
    assert took[1] < took[0] * 4 * 2.5, took
