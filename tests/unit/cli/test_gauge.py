"""How far long work is, in words and in fields."""

from rules_engine.cli.gauge import Gauge, Phase, count_directories
from rules_engine.inventory.model import DirectoryFacts, FileFact
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import EntryKind


def file(name: str, size: int | None) -> FileFact:
    """A file of that size."""
    return FileFact(RelPath("a"), name, EntryKind.FILE, 1, size, 0, 0)


def test_a_phase_of_unknown_length_says_what_it_did_and_for_how_long() -> None:
    """Nobody can say what is left of a walk."""
    gauge = Gauge(Phase.PLANNING, 100.0, files=12_000, size_bytes=3 * 2**30, done=120)
    assert gauge.line(104.0) == "planning: 12 000 files, 3.0 GiB, 3 000 files/s, 4s"
    assert gauge.remaining_s(104.0) is None


def test_a_phase_of_known_length_says_what_is_left() -> None:
    """At the speed so far; steps are counted where nobody knows the bytes yet."""
    gauge = Gauge(Phase.APPLYING, 100.0, files=300, done=300, total=1_500)
    assert gauge.line(160.0) == "applying: 300 steps, 5 steps/s, 4m left"
    assert gauge.fields(160.0) == {
        "phase": "applying",
        "files": 300,
        "bytes": None,
        "seconds": 60.0,
        "files_per_second": 5.0,
        "remaining_seconds": 240.0,
    }


def test_the_first_moments_say_nothing_about_the_rest() -> None:
    """A guess from one directory of a thousand would jump about."""
    gauge = Gauge(Phase.PLANNING, 0.0, files=10, size_bytes=0, done=10, total=1_000)
    assert gauge.line(1.0) == "planning: 10 files, 0 B, 10 files/s, 1s"
    assert Gauge(Phase.READING, 0.0).line(2.0) == "reading: 2s"


def test_more_than_was_announced_is_no_negative_rest() -> None:
    """Seals tell how much there was, not how much there is."""
    assert Gauge(Phase.PLANNING, 0.0, files=9, done=9, total=3).remaining_s(1.0) == 0.0


def test_directories_are_counted_on_their_way() -> None:
    """Each is passed on as it is; one without files is no work that a seal announced."""
    gauge, looks = Gauge(Phase.PLANNING, 0.0), []
    full = DirectoryFacts(RelPath("a"), (file("x", 5), file("y", None)))
    empty = DirectoryFacts(RelPath("b"), ())
    assert list(count_directories([full, empty], gauge, lambda: looks.append(gauge.files))) == [full, empty]
    assert (gauge.files, gauge.size_bytes, gauge.done) == (2, 5, 1)
    assert looks == [2, 2]
