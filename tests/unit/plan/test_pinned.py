"""What a pin keeps besides files: directories at, above and below it."""

import pytest
from makers import LAYOUT, NOW, evidence, file, job, policies

from rules_engine.manifest.model import DeclaredDirectory
from rules_engine.plan.given import Guards, Pin
from rules_engine.plan.model import Because
from rules_engine.plan.pinned import pin_name, pin_text, pinned_at
from rules_engine.plan.protect import pinned_at_or_below, pinned_job, pins_ended, protection
from rules_engine.plan.subject import Evidence
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import SECOND, Instant
from rules_engine.values.vocabulary import FileType, JobId

END = Instant(NOW + SECOND)
JOBS = (
    job(
        "a",
        files={RelPath("far/off"): {"x": FileType("temp_slide")}},
        directories={
            RelPath("lists/a"): DeclaredDirectory(None, FileType("temp_slide")),
            RelPath("made/a"): DeclaredDirectory(None, None),
        },
    ),
    job("b"),
)


def seen(*pins: Pin) -> Evidence:
    """What a decision sees with these pins."""
    return evidence(policies(layouts=(LAYOUT,)), JOBS, Guards(pins=pins))


@pytest.mark.parametrize(
    ("directory", "stays"),
    [
        ("out/suits/x", True),
        ("out/suits/x/deep", True),
        ("out/suits", True),
        ("out", True),
        ("", True),
        ("out/suits/y", False),
        ("out/suits/xx", False),
        ("misc", False),
    ],
)
def test_a_directory_stays_at_above_and_below_a_pinned_path(directory: str, stays: bool) -> None:
    """Whether the path is there or not."""
    kept = pinned_at_or_below(RelPath(directory), seen(Pin(path=RelPath("out/suits/x"), reason="mine")))
    assert (kept is not None) == stays
    if kept is not None:
        assert (kept.because, kept.text, kept.pin) == (
            Because.PINNED,
            "`out/suits/x` is pinned: mine",
            "out/suits/x",
        )


@pytest.mark.parametrize(
    ("directory", "stays"),
    [
        ("scratch/a", True),
        ("scratch/a/deep", True),
        ("scratch", True),
        ("", True),
        ("lists/a/deep", True),
        ("far/off", True),
        ("far", True),
        ("far/off/deep", False),
        ("made/a", False),
        ("scratch/b", False),
    ],
)
def test_a_directory_stays_where_a_pinned_job_has_something(directory: str, stays: bool) -> None:
    """Its places with all below them, what is above those, and the directories of the files that it declared."""
    kept = pinned_at_or_below(RelPath(directory), seen(Pin(job=JobId("a"))))
    assert (kept.text if kept else "") == ("job `a` is pinned" if stays else "")


def test_a_pinned_root_keeps_every_directory() -> None:
    """Nothing lies outside it."""
    assert pinned_at_or_below(RelPath("any/where"), seen(Pin(path=ROOT))) is not None
    assert pinned_at_or_below(ROOT, seen(Pin(path=ROOT))) is not None


def test_a_job_is_pinned_by_its_id_alone() -> None:
    """A path of the same spelling is another thing."""
    assert pinned_job(JobId("a"), seen(Pin(path=RelPath("a")))) is None
    kept = pinned_job(JobId("a"), seen(Pin(job=JobId("a"))))
    assert kept is not None
    assert kept.pin == "job a"


def test_what_is_pinned_is_said_in_full() -> None:
    """What, why and until when; the root is a dot."""
    assert pin_text(Pin(path=ROOT, until=END)) == "`.` is pinned until 2024-10-04T00:00:01Z"
    assert pin_text(Pin(job=JobId("a"), reason="why", until=END)) == "job `a` is pinned until 2024-10-04T00:00:01Z: why"
    assert pin_name(Pin(path=ROOT)) == "."


def test_of_two_pins_of_one_thing_the_longer_is_named() -> None:
    """In whatever order they come."""
    one, other = Pin(path=RelPath("x"), until=END), Pin(path=RelPath("x"), reason="for good")
    for pins in ((one, other), (other, one)):
        assert pinned_at(NOW, pins, {}).ordered() == (other,)
        assert protection(file("x"), (), seen(*pins)) == protection(file("x"), (), seen(other))


def test_the_end_of_a_pin_is_remembered() -> None:
    """What it kept went no earlier, wherever the pin was: at the path, above it, or on its owner."""
    ended = [
        Pin(path=RelPath("x"), until=Instant(NOW - 3)),
        Pin(path=ROOT, until=Instant(NOW - 2)),
        Pin(job=JobId("a"), until=Instant(NOW - 1)),
    ]
    assert pinned_at(NOW, ended, {}).ordered() == ()
    assert pins_ended(RelPath("x/y"), None, seen(*ended)) == NOW - 2
    assert pins_ended(RelPath("x"), None, seen(ended[0])) == NOW - 3
    assert pins_ended(RelPath("z"), JobId("a"), seen(*ended)) == NOW - 1
    assert pins_ended(RelPath("z"), JobId("b"), seen(ended[0])) is None
    assert pins_ended(RelPath("z"), JobId("b"), seen()) is None
