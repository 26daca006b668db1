import zlib
from pathlib import Path

import pytest

from rules_engine.errors import InvalidValueError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.manifest.events import AddFiles, Finish, Lease, Line, Remove, decode_line, encode_line
from rules_engine.manifest.lines import check_of_line, close_line, open_line
from rules_engine.manifest.log import append, begin, check_host, check_job_id, parse_log, read_log, split_log_name
from rules_engine.values.quantities import Instant

NAME = "job-1@alpha.jsonl"
AT = Instant(5)


def _lines(count: int) -> list[bytes]:
    return [encode_line(Line(seq, AT, Remove([f"file{seq}"]))) for seq in range(1, count + 1)]


def test_a_line_is_as_it_is_documented() -> None:
    """Sequence number, time and event, then a CRC over all that stands before it."""
    line = encode_line(Line(1, AT, AddFiles([("a/b.mkv", "temp_video")]), held=True))
    body = b'{"seq":1,"at":5,"event":{"type":"add","files":[["a/b.mkv","temp_video"]]},"held":true'
    check = f"{zlib.crc32(body):08x}"
    assert line == body + f',"crc":"{check}"}}\n'.encode()
    assert check_of_line(line) == check


def test_a_line_with_any_byte_changed_is_no_line() -> None:
    """Each single changed byte is noticed."""
    line = close_line(b'{"a":1}').rstrip(b"\n")
    assert open_line(line) == b'{"a":1}'
    for place in range(len(line)):
        assert open_line(line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"seq":1,"at":5,"event":{"type":"rename"}}',
        b'{"seq":1,"at":5,"event":{"type":"finish","status":"DONEish"}}',
        b'{"seq":1,"at":5}',
        b'{"seq":1,"at":5,"event":{"type":"lease","lease_ns":1},"more":1}',
        b'{"seq":1,"at":5,"event":{"type":"start","format_version":2,"job_type":"","attempt":1,"workspace":"","output":""}}',
        b"[1,2}",
    ],
)
def test_a_line_that_this_version_does_not_know_is_no_line(body: bytes) -> None:
    """A check that holds is not enough: what cannot be understood is treated as lost."""
    assert decode_line(close_line(body)) is None


def test_whatever_has_no_newline_does_not_count(tmp_path: Path) -> None:
    """A log cut at any byte holds its whole lines and is not damaged."""
    data = b"".join(_lines(3))
    ends = [0, *(place + 1 for place, byte in enumerate(data) if byte == 10)]
    for cut in range(len(data) + 1):
        log = parse_log(data[:cut], NAME, "alpha")
        whole = max(end for end in ends if end <= cut)
        assert (len(log.lines), log.length, log.damage) == (ends.index(whole), whole, None)


def test_a_bad_line_keeps_the_others_and_is_damage() -> None:
    """Every intact line is kept; the damage names the first bad one."""
    one, two, three = _lines(3)
    log = parse_log(one + two.replace(b"file2", b"file9") + three, NAME, "alpha")
    assert [line.seq for line in log.lines] == [1, 3]
    assert log.damage == "manifest `job-1@alpha.jsonl` is damaged in line 2"


def test_a_missing_or_repeated_line_is_damage() -> None:
    """Sequence numbers go up by one from one."""
    one, two, three = _lines(3)
    for data in (one + three, two + three, one + one + two):
        assert "lacks what came before line" in (parse_log(data, NAME, "alpha").damage or "")


def test_a_log_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    """A link, a directory, or nothing at all in its place is not an empty log."""
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "below").mkdir()
    with Directory.open_root(str(tmp_path)) as here:
        for name in ("link", "below", "none"):
            log = read_log(here, name, "alpha")
            assert log.lines == ()
            assert (log.damage or "").startswith(f"manifest `{name}` cannot be read: ")


def _append(here: Directory, *events: Finish | Lease | Remove) -> None:
    append(here, NAME, events, at=AT, held=False, durable=True)


def test_an_append_cuts_a_torn_tail_and_goes_on(tmp_path: Path) -> None:
    """The sequence continues after the last whole line, however long that is."""
    with Directory.open_root(str(tmp_path)) as here:
        assert begin(here, NAME, Remove(["x" * 9_000]), at=AT, held=False)
        whole = (tmp_path / NAME).read_bytes()
        (tmp_path / NAME).write_bytes(whole + b'{"seq":2,"a')
        _append(here, Lease(7), Finish("completed"))
        _append(here, Remove(["y" * 300_000]))
        (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes() + b"\0" * 70_000)
        _append(here, Lease(8))
        log = read_log(here, NAME, "alpha")
    assert [line.seq for line in log.lines] == [1, 2, 3, 4, 5]
    assert log.damage is None
    assert (tmp_path / NAME).read_bytes().startswith(whole)


def test_a_torn_first_line_is_cut_too(tmp_path: Path) -> None:
    """A log of which nothing is whole begins again."""
    (tmp_path / NAME).write_bytes(b'{"seq":1')
    with Directory.open_root(str(tmp_path)) as here:
        _append(here, Lease(7))
        assert [line.seq for line in read_log(here, NAME, "alpha").lines] == [1]


def test_nothing_is_appended_after_a_damaged_line(tmp_path: Path) -> None:
    """Behind a last line that fails its check no sequence can be continued."""
    data = b"".join(_lines(2)).replace(b"file2", b"file9")
    (tmp_path / NAME).write_bytes(data)
    with Directory.open_root(str(tmp_path)) as here, pytest.raises(UntrustedStateError, match="in its last line"):
        _append(here, Lease(7))
    assert (tmp_path / NAME).read_bytes() == data


def test_a_log_is_begun_by_one_only(tmp_path: Path) -> None:
    """Of two who begin the same log the second is told so, and nothing is left lying about."""
    with Directory.open_root(str(tmp_path)) as here:
        assert begin(here, NAME, Lease(1), at=AT, held=False)
        assert not begin(here, NAME, Lease(2), at=AT, held=False)
        assert here.names() == [NAME]
        assert read_log(here, NAME, "alpha").lines[0].event == Lease(1)


@pytest.mark.parametrize("text", ["a", "Job_1.x-2", "0" * 128])
def test_an_id_is_taken_as_it_is(text: str) -> None:
    """What matches is the id, unchanged."""
    assert check_job_id(text) == text
    assert split_log_name(f"{text}@host-1.jsonl") == (text, "host-1")


@pytest.mark.parametrize("text", ["", ".", "-a", "a/b", "a b", "a@b", "é", "a\n", "0" * 129, "..", "a\0"])
def test_what_cannot_be_an_id_is_refused(text: str) -> None:
    """Nothing is sanitised silently."""
    with pytest.raises(InvalidValueError):
        check_job_id(text)
    assert split_log_name(f"{text}@host.jsonl") is None


@pytest.mark.parametrize("text", ["", "a/b", ".a", "a" * 65, "a b"])
def test_a_host_that_cannot_name_a_log_is_refused(text: str) -> None:
    """A machine with such a name must be given another."""
    with pytest.raises(InvalidValueError):
        check_host(text)
