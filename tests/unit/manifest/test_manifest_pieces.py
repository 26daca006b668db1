import pytest

from rules_engine.manifest.events import (
    Accepted,
    AddDirectory,
    AddFiles,
    Event,
    Finish,
    Line,
    Mended,
    Remove,
    Start,
    encode_line,
    ends_attempt,
    parts_of,
)
from rules_engine.manifest.log import parse_log
from rules_engine.manifest.pieces import first_seq, has_good_paths, lost_after, salvage, split_pieces
from rules_engine.values.quantities import Instant

START = Start(format_version=1, job_type="clip", attempt=1, workspace="scratch/j", output="out/j")
NAME = "j@alpha.jsonl"


def _line(seq: int, event: Event | None = None) -> bytes:
    return encode_line(Line(seq, Instant(seq), event or Remove([f"file{seq}"])))


def test_pieces_say_where_they_lie() -> None:
    """Line and byte, as an editor and `cmp` count; a torn tail is none."""
    one, two = _line(1), _line(2)
    pieces = list(split_pieces(one + b"?\n" + two + b'{"seq":3'))
    assert [(piece.number, piece.start, piece.end) for piece in pieces] == [
        (1, 0, len(one)),
        (2, len(one), len(one) + 2),
        (3, len(one) + 2, len(one) + 2 + len(two)),
    ]
    assert [piece.line and piece.line.seq for piece in pieces] == [1, None, 2]


def test_a_newline_that_became_another_byte_is_damage_and_loses_nothing() -> None:
    """Also the last one, which would else look like a torn tail; both lines are salvaged."""
    one, two = _line(1), _line(2)
    for data in (one[:-1] + b"x" + two, one + two[:-1] + b"x"):
        bad = [piece for piece in split_pieces(data) if piece.line is None]
        assert len(bad) == 1
        found = salvage(data[bad[0].start : bad[0].end])
        assert found[-1].seq == 2
        log = parse_log(data, NAME, "alpha")
        assert [line.seq for line in log.lines] == [1, 2]
        assert log.damage is not None


def test_what_is_no_line_salvages_nothing() -> None:
    """A line with a changed byte says nothing that could be relied on."""
    assert salvage(_line(1).replace(b"file1", b"file2")) == ()


def test_a_mended_line_stands_for_several() -> None:
    """A log with one is whole; what it lost is said until it is accepted."""
    mended = Mended(lines=2, lost=True)
    data = _line(1, START) + _line(3, mended) + _line(4)
    log = parse_log(data, NAME, "alpha")
    assert (log.damage, log.lost) == (None, "2 lines of manifest `j@alpha.jsonl` are lost")
    assert first_seq(log.lines[1]) == 2
    assert parse_log(data + _line(5, Accepted()), NAME, "alpha").lost is None
    assert (
        parse_log(_line(1, Mended(lines=1, lost=True)), NAME, "alpha").lost
        == "1 line of manifest `j@alpha.jsonl` is lost"
    )
    assert lost_after(0, Mended(lines=2)) == 0


def test_a_mended_line_says_what_it_holds_in_the_order_of_a_life() -> None:
    """The start first, the end last."""
    directory = AddDirectory("scratch/j/temp")
    finish = Finish("failed")
    mended = Mended(lines=3, start=START, files=[("a", "temp")], directories=[directory], finish=finish)
    assert parts_of(mended) == (START, directory, AddFiles([("a", "temp")]), finish)
    assert ends_attempt(mended)
    assert not ends_attempt(Mended(lines=1))
    assert ends_attempt(Accepted(finished=True))
    assert not ends_attempt(Accepted())


@pytest.mark.parametrize(
    "event",
    [
        AddFiles([("a/../../b", "temp")]),
        Remove(["/a"]),
        AddDirectory("a//b"),
        Start(format_version=1, job_type="clip", attempt=1, workspace="../w", output="o"),
        Mended(lines=1, files=[("..", "temp")]),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_path_out_of_the_root_makes_a_line_worthless(event: Event) -> None:
    """Whoever wrote it, it is not followed."""
    assert not has_good_paths(Line(1, Instant(1), event))
    assert has_good_paths(Line(1, Instant(1), START))
    assert has_good_paths(Line(1, Instant(1), Finish("failed")))
