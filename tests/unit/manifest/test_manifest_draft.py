import pytest

from rules_engine.manifest.events import AddFiles, Finish, Line, Mended, Remove, Start, encode_line
from rules_engine.manifest.mending import piece_together
from rules_engine.values.quantities import Instant

START = Start(format_version=1, job_type="clip", attempt=1, workspace="scratch/j", output="out/j")
NOW = Instant(99)


def _line(seq: int, event: AddFiles | Remove | Start | Mended | Finish) -> bytes:
    return encode_line(Line(seq, Instant(seq), event))


def _add(seq: int, name: str) -> bytes:
    return _line(seq, AddFiles([(f"out/j/{name}", "temp")]))


def test_what_is_whole_stays_byte_for_byte() -> None:
    """No mended line, no filler, nothing renumbered."""
    data = _line(1, START) + _add(2, "a")
    draft = piece_together(data, b"", now=NOW)
    assert (draft.holes, draft.lost, draft.encode()) == (frozenset(), 0, data)


def test_rubbish_between_two_whole_lines_loses_nothing() -> None:
    """The numbers go on without a gap, so there was no line."""
    one, two = _line(1, START), _add(2, "a")
    assert piece_together(one + b"rubbish\n" + two, b"", now=NOW).encode() == one + two


def test_a_gap_becomes_one_mended_line_and_the_log_grows() -> None:
    """A seal from before covers fewer bytes, so it is outdated and never short of lines."""
    data = _line(1, START) + _add(2, "a") + _add(3, "b") + _add(4, "c")
    damaged = data.replace(b"out/j/a", b"out/j/x").replace(b"out/j/b", b"out/j/x")
    draft = piece_together(damaged, b"", now=NOW)
    assert [line.seq for line in draft.lines] == [1, 3, 4]
    assert (draft.lines[1].event, draft.lost) == (Mended(lines=2, lost=True), 2)
    assert len(draft.encode(5_000)) > 5_000
    assert len(draft.encode()) > len(data)


def test_log_and_backup_complete_each_other() -> None:
    """Each has a line that the other lost."""
    data = _line(1, START) + _add(2, "a") + _add(3, "b")
    log, backup = data.replace(b"j/a", b"j/x"), data.replace(b"j/b", b"j/x")
    assert piece_together(log, backup, now=NOW).encode() == data


def test_a_line_told_twice_in_different_words_counts_both_times() -> None:
    """Two machines of one name wrote the same number: both their files stay declared, and the job untrusted."""
    data = _line(1, START) + _add(2, "a")
    draft = piece_together(data, data.replace(_add(2, "a"), _add(2, "b")), now=NOW)
    assert draft.lines[-1] == Line(3, NOW, Mended(lines=1, lost=True, files=[("out/j/b", "temp")]))
    again = piece_together(data + _add(2, "c") + _line(4, Mended(lines=3)), b"", now=NOW)
    assert again.lines[-1].event == Mended(lines=1, lost=True, files=[("out/j/c", "temp")])


def test_a_line_with_a_path_out_of_the_root_is_as_good_as_lost() -> None:
    """It passes its check, and is followed all the same by nobody."""
    data = _line(1, START) + _line(2, AddFiles([("../etc/passwd", "temp")])) + _add(3, "a")
    draft = piece_together(data, b"", now=NOW)
    assert (draft.holes, draft.lost) == ({2}, 1)


@pytest.mark.parametrize("data", [b"", b"rubbish\n", b"torn"])
def test_a_log_without_a_line_has_lost_everything(data: bytes) -> None:
    """There was at least a start."""
    draft = piece_together(data, b"", now=NOW)
    assert [line.event for line in draft.lines] == [Mended(lines=1, lost=True)]
