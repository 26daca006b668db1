"""The file of pins: what it keeps, what it refuses to believe, and how it survives a writer that was killed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from apply_world import NOON, FixedClock
from other_users import immutable

from rules_engine.apply.pins import PINS, PinsOnDisk, Word, read_pin_lines, read_pins, set_pin, take_pin
from rules_engine.errors import RefusedError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.plan.given import Pin
from rules_engine.values.paths import ROOT, RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import JobId

SUITS = Pin(path=RelPath("out/suits"), reason="the festival", until=Instant(NOON + DAY))
ODD = Pin(path=RelPath("out/\udcff\n"))
JOB = Pin(job=JobId("j1"), reason="ü")


@pytest.fixture
def state(here: Directory) -> Iterator[Directory]:
    """A directory for the state."""
    here.make_directory(".rules", 0o700)
    with here.open(RelPath(".rules")) as state:
        yield state


@pytest.fixture
def file(state: Directory, tmp_path: Path) -> Path:
    """The file, with three pins."""
    for pin in (SUITS, ODD, JOB):
        set_pin(state, pin, NOON)
    return tmp_path / "tree/.rules" / PINS


def test_without_a_file_nothing_is_pinned(state: Directory) -> None:
    """A root need not have one."""
    assert read_pins(state) == ()


@pytest.mark.usefixtures("file")
def test_what_was_pinned_is_read_again(state: Directory) -> None:
    """In the order in which it was set, whatever bytes its names hold."""
    assert read_pins(state) == (SUITS, ODD, JOB)


def test_a_line_says_who_pinned(state: Directory, file: Path) -> None:
    """The user and the host are for people; every line ends in its check."""
    first = read_pin_lines(state)[0]
    assert (first.seq, first.at, first.word, first.user) == (1, NOON, Word.PIN, os.geteuid())
    assert first.host == os.uname().nodename
    assert all(line.endswith(b'"}') and b',"crc":"' in line for line in file.read_bytes().splitlines())


@pytest.mark.usefixtures("file")
def test_a_pin_holds_until_its_end(state: Directory) -> None:
    """At that very moment it does no longer; one without an end holds for ever."""
    assert read_pins(state, Instant(NOON + DAY - 1)) == (SUITS, ODD, JOB)
    assert read_pins(state, Instant(NOON + DAY)) == (ODD, JOB)


@pytest.mark.usefixtures("file")
def test_the_newest_word_holds(state: Directory) -> None:
    """A second pin replaces the first and says so; the first is still told by the file."""
    other = Pin(path=SUITS.path, reason="for good")
    assert set_pin(state, other, NOON) == SUITS
    assert read_pins(state) == (ODD, JOB, other)
    assert set_pin(state, Pin(path=ROOT), NOON) is None


def test_a_pin_that_is_taken_away_protects_no_longer(state: Directory, file: Path) -> None:
    """It is given back; taking it once more says nothing, and writes nothing."""
    assert take_pin(state, Pin(job=JobId("j1")), NOON) == JOB
    assert read_pins(state) == (SUITS, ODD)
    before = file.read_bytes()
    assert take_pin(state, Pin(job=JobId("j1")), NOON) is None
    assert file.read_bytes() == before


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_torn_last_line_is_as_if_it_was_never_said(state: Directory, file: Path, cut: int) -> None:
    """Whoever wrote it was killed before it was told that the pin holds; the next writer cuts it off."""
    whole = file.read_bytes()
    start = whole.rindex(b"\n", 0, len(whole) - 1) + 1
    file.write_bytes(whole[: start + cut])
    assert read_pins(state) == (SUITS, ODD)
    set_pin(state, JOB, NOON)
    assert file.read_bytes() == whole


def test_a_line_that_lacks_only_its_end_was_said(state: Directory, file: Path) -> None:
    """Its check proves it; the next line begins on a line of its own."""
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert read_pins(state) == (SUITS, ODD, JOB)
    set_pin(state, Pin(path=ROOT), NOON)
    assert file.read_bytes().startswith(whole)
    assert read_pins(state) == (SUITS, ODD, JOB, Pin(path=ROOT))


def test_a_flipped_bit_is_never_believed(state: Directory, file: Path) -> None:
    """Not in the first line and not in the last: nobody knows what people protected."""
    whole = file.read_bytes()
    for place in (0, 20, len(whole) // 2, len(whole) - 30):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(UntrustedStateError, match=r"`\.rules/pins\.jsonl` has a damaged line"):
            read_pins(state)
        with pytest.raises(UntrustedStateError):
            set_pin(state, JOB, NOON)


def test_a_line_that_is_missing_is_noticed(state: Directory, file: Path) -> None:
    """Lines are numbered without a gap."""
    first, _, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + third)
    with pytest.raises(UntrustedStateError, match="damaged line 2"):
        read_pins(state)


@pytest.mark.parametrize(
    "said",
    [
        b'{"seq":1,"at":1,"word":"pin","user":0,"host":"h"}',
        b'{"seq":1,"at":1,"word":"pin","user":0,"host":"h","path":"a","job":"b"}',
        b'{"seq":1,"at":1,"word":"glue","user":0,"host":"h","path":"a"}',
        b'{"seq":1,"at":1,"word":"pin","user":0,"host":"h","path":{"bytes":"6"}}',
        b'{"seq":1,"at":1,"word":"pin","user":0,"host":"h","path":"a","only":"on sundays"}',
    ],
)
def test_a_line_that_proves_itself_and_says_nothing_known_is_not_passed_over(
    state: Directory, tmp_path: Path, said: bytes
) -> None:
    """A newer version may have meant to protect something by it."""
    from rules_engine.manifest.lines import close_line  # noqa: PLC0415 - only this test makes lines by hand

    (tmp_path / "tree/.rules" / PINS).write_bytes(close_line(said))
    with pytest.raises(UntrustedStateError, match="damaged line 1"):
        read_pins(state)


def test_pins_that_cannot_be_read_are_not_trusted(state: Directory, tmp_path: Path) -> None:
    """A directory or a link in the place of the file is no file of pins."""
    (tmp_path / "tree/.rules" / PINS).mkdir()
    with pytest.raises(UntrustedStateError, match="cannot be read"):
        read_pins(state)
    with pytest.raises(RefusedError, match="the pin cannot be written"):
        set_pin(state, JOB, NOON)


def test_a_change_shows_without_reading(state: Directory, clock: FixedClock) -> None:
    """Every word that is said shows, and none that is not."""
    pins = PinsOnDisk(state)
    assert pins.read() == ()
    assert not pins.has_changed()
    set_pin(state, JOB, clock.now())
    assert pins.has_changed()
    assert pins.read() == (JOB,)
    assert not pins.has_changed()
    take_pin(state, JOB, clock.now())
    assert pins.has_changed()


def test_pins_that_cannot_be_looked_at_stop_a_run(state: Directory) -> None:
    """Whether somebody protected something meanwhile is then unknown."""
    pins = PinsOnDisk(state)
    pins.read()
    state.close()
    with pytest.raises(UntrustedStateError, match="cannot be looked at"):
        pins.has_changed()


def test_a_disk_that_refuses_takes_no_pin(state: Directory, file: Path) -> None:
    """And says so: nobody may believe in a protection that is not there."""
    with immutable(file), pytest.raises(RefusedError, match="the pin cannot be written"):
        set_pin(state, Pin(path=ROOT), NOON)
    assert read_pins(state) == (SUITS, ODD, JOB)
