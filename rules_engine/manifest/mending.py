"""A damaged log put together again from what is left of it and of its backup; values only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from rules_engine.manifest.events import AddDirectory, AddFiles, Line, Mended, encode_line, parts_of
from rules_engine.manifest.pieces import first_seq, has_good_paths, salvage, split_pieces
from rules_engine.values.names import EncodedName
from rules_engine.values.quantities import Instant

_FILLER: Final = "."


@dataclass(frozen=True, slots=True)
class Draft:
    """The lines of a log, with a mended line in each place where nothing intact is left."""

    lines: tuple[Line, ...]
    holes: frozenset[int] = frozenset()
    """The sequence numbers of the mended lines that were put in."""
    longest: int = 0
    """Bytes of whole lines in the longest of its sources, damaged or not."""

    @property
    def lost(self) -> int:
        """How many lines nothing tells of, among those that were put in."""
        put_in = [line.event for line in self.lines if line.seq in self.holes]
        return sum(event.lines for event in put_in if isinstance(event, Mended) and event.lost)

    def encode(self, longer_than: int = 0) -> bytes:
        """Its bytes; one with holes is longer than every source, and than `longer_than`.

        So a seal that was made before never takes it for the log that it covers, nor for one that lost its end.
        """
        data = b"".join(map(encode_line, self.lines))
        missing = max(self.longest, longer_than) + 1 - len(data)
        if not self.holes or missing <= 0:
            return data
        last = max(self.holes)
        return b"".join(encode_line(_filled(line, missing) if line.seq == last else line) for line in self.lines)


@dataclass(slots=True)
class _Source:
    """What one copy of a log says."""

    lines: list[Line] = field(default_factory=list)
    length: int = 0
    bad_end: int = 0
    """Pieces at its end of which nothing is known."""


def piece_together(data: bytes, backup: bytes, *, now: Instant, at_least: int = 0) -> Draft:
    """The log that `data` and `backup`, each empty where there is none, are the remains of.

    It was `at_least` so long once, as its seal says.

    INVARIANT: what an intact line of either declares, the draft declares.
    """
    sources = [_read(data), *([_read(backup)] if backup else [])]
    known: dict[int, Line] = {}
    odd: list[Line] = []
    for source in sources:
        odd += [line for line in source.lines if known.setdefault(line.seq, line) != line]
    lines, holes, more = _in_sequence(known, now)
    longest = max(source.length for source in sources)
    end = _lost_at_the_end(sources, max(longest, at_least))
    if end or odd or more:
        last = lines[-1].seq if lines else 0
        hole = Mended(
            lines=max(end, 1), lost=True, files=_files([*odd, *more]), directories=_directories([*odd, *more])
        )
        lines.append(Line(seq=last + hole.lines, at=now, event=hole))
        holes.add(last + hole.lines)
    return Draft(tuple(lines), frozenset(holes), longest)


def _read(data: bytes) -> _Source:
    found = _Source(bad_end=0 if data else 1)
    for piece in split_pieces(data):
        raw = data[piece.start : piece.end]
        lines = (piece.line,) if piece.line is not None else salvage(raw)
        good = [line for line in lines if has_good_paths(line)]
        found.lines += good
        found.length = piece.end
        is_whole = sum(len(encode_line(line)) for line in good) == len(raw)
        found.bad_end = 0 if is_whole else found.bad_end + 1
    # A log is never empty, and what was torn off says nothing.
    found.bad_end = found.bad_end if found.length else 1
    return found


def _in_sequence(known: Mapping[int, Line], now: Instant) -> tuple[list[Line], set[int], list[Line]]:
    """The lines by number with the gaps filled, the numbers of what filled them, and the lines that fit nowhere."""
    lines: list[Line] = []
    holes: set[int] = set()
    odd: list[Line] = []
    for seq in sorted(known):
        line = known[seq]
        expected = lines[-1].seq + 1 if lines else 1
        gap = first_seq(line) - expected
        if gap < 0:
            odd.append(line)
            continue
        if gap:
            at = lines[-1].at if lines else min(line.at, now)
            lines.append(Line(seq=first_seq(line) - 1, at=at, event=Mended(lines=gap, lost=True)))
            holes.add(lines[-1].seq)
        lines.append(line)
    return lines, holes, odd


def _lost_at_the_end(sources: Sequence[_Source], longest: int) -> int:
    """How many lines are lost behind the last that is known: none where a whole copy reaches as far as any other."""
    # The backup is written after the log and holds the same bytes, so a shorter one cannot vouch for what is longer.
    if any(source.length == longest and not source.bad_end for source in sources):
        return 0
    return max(source.bad_end for source in sources) or 1


def _files(lines: Iterable[Line]) -> list[tuple[EncodedName, str]]:
    parts = [part for line in lines for part in parts_of(line.event)]
    return [one for part in parts if isinstance(part, AddFiles) for one in part.files]


def _directories(lines: Iterable[Line]) -> list[AddDirectory]:
    return [part for line in lines for part in parts_of(line.event) if isinstance(part, AddDirectory)]


def _filled(line: Line, length: int) -> Line:
    return replace(line, event=replace(line.event, filler=_FILLER * length))
