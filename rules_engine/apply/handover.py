"""`.rules/handover.jsonl`: steps that the user of a run may not carry out, until another run settles them."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import msgspec

from rules_engine.apply.model import PERMISSIONS, HandedOver, Noted, Outcome
from rules_engine.apply.outcomes import Result
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import open_log
from rules_engine.manifest.lines import close_line, open_line
from rules_engine.plan.model import Batch, Entry, StepAction
from rules_engine.values.clock import Clock
from rules_engine.values.names import EncodedName, decode_name, encode_name
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import EntryKind, RuleName

HANDOVER: Final = "handover.jsonl"
_LARGEST: Final = 2**30
_MANY: Final = 1_000
_SETTLED: Final = frozenset({Outcome.DONE, Outcome.GONE, Outcome.CHANGED})


class Identity(msgspec.Struct, frozen=True):
    """What the plan saw of the entry."""

    kind: EntryKind
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class HandoverLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step that was handed over, or, with `settled`, what became of one that had been."""

    path: EncodedName
    action: StepAction
    rules: tuple[RuleName, ...]
    identity: Identity
    errno: int
    cause: str
    uid: int
    at: Instant
    run_id: str
    settled: Outcome | None = None


_decoder: Final = msgspec.json.Decoder(HandoverLine)


def read_handover(state: Directory) -> tuple[HandoverLine, ...]:
    """The steps that wait for another user, in the order in which they were handed over."""
    return tuple(_fold(_lines(state)).values())


def _lines(state: Directory) -> list[HandoverLine]:
    try:
        data = state.read_file(HANDOVER, limit=_LARGEST)
    except FileNotFoundError:
        return []
    return _decoded(data.split(b"\n"))


def _decoded(raw_lines: Iterable[bytes]) -> list[HandoverLine]:
    # A notice for people and never evidence: a line that is damaged is passed over.
    found: list[HandoverLine] = []
    for raw in raw_lines:
        body = open_line(raw)
        if body is not None:
            with suppress(ValueError):
                found.append(_decoder.decode(body))
    return found


def _key(line: HandoverLine) -> tuple[str, StepAction]:
    return decode_name(line.path), line.action


def _fold(lines: Iterable[HandoverLine]) -> dict[tuple[str, StepAction], HandoverLine]:
    waiting: dict[tuple[str, StepAction], HandoverLine] = {}
    for line in lines:
        waiting.pop(_key(line), None)
        if line.settled is None:
            waiting[_key(line)] = line
    return waiting


class Handover:
    """Hands over the steps of one run. Only the holder of the root lock writes."""

    def __init__(self, state: Directory, clock: Clock, *, run_id: str, uid: int) -> None:
        self._state = state
        self._clock = clock
        self._run_id = run_id
        self._uid = uid
        lines = _lines(state)
        self._waiting = _fold(lines)
        self._pending: list[HandoverLine] = []
        self._notices: list[HandedOver] = []
        if len(lines) > max(_MANY, 2 * len(self._waiting)):
            state.write_file(HANDOVER, b"".join(_encoded(line) for line in self._waiting.values()))

    def add(self, batch: Batch, first: int, results: Iterable[Result]) -> None:
        """Take the results of consecutive steps of one batch into account; hearing of one twice is harmless."""
        for result in results:
            entries = batch.entries[first : first + result.steps]
            first += result.steps
            if result.outcome is Outcome.FAILED and result.errno in PERMISSIONS:
                for entry in entries:
                    self._hand_over(batch, entry, result)
            elif self._waiting and result.outcome in _SETTLED:
                for entry in entries:
                    self._settle((join(batch.directory, entry.name), batch.action), result.outcome)

    def _hand_over(self, batch: Batch, entry: Entry, result: Result) -> None:
        path = join(batch.directory, entry.name)
        noted = Noted(path, batch.action, result.outcome, result.errno, result.cause)
        self._notices.append(HandedOver(noted, batch.rules, self._uid, self._run_id))
        line = HandoverLine(
            path=encode_name(path),
            action=batch.action,
            rules=batch.rules,
            identity=Identity(entry.kind, entry.inode, entry.size, entry.mtime_ns, entry.ctime_ns),
            errno=result.errno,
            cause=result.cause,
            uid=self._uid,
            at=self._clock.now(),
            run_id=self._run_id,
        )
        # The same user may try every night; one line for what does not change is enough.
        known = self._waiting.get((path, batch.action))
        if known is None or _told(known) != _told(line):
            self._waiting[path, batch.action] = line
            self._pending.append(line)

    def _settle(self, key: tuple[RelPath, StepAction], outcome: Outcome) -> None:
        known = self._waiting.pop(key, None)
        if known is not None:
            now = self._clock.now()
            fields = {"settled": outcome, "uid": self._uid, "at": now, "run_id": self._run_id, "errno": 0, "cause": ""}
            self._pending.append(msgspec.structs.replace(known, **fields))

    def flush(self) -> tuple[HandedOver, ...]:
        """Record durably what was taken into account, and give what a listener should hear.

        Raises:
            OSError: when it could not be recorded.
        """
        if self._pending:
            with open_log(self._state, HANDOVER) as log:
                # A killed writer may have left half a line, which must not swallow the next one.
                whole = log.read(max(0, log.size - 1), 1) in {b"", b"\n"}
                data = b"".join(_encoded(line) for line in self._pending)
                log.append(data if whole else b"\n" + data, durable=True)
            self._pending.clear()
        notices, self._notices = tuple(self._notices), []
        return notices


def _encoded(line: HandoverLine) -> bytes:
    return close_line(msgspec.json.encode(line))


def _told(line: HandoverLine) -> tuple[Identity, tuple[RuleName, ...], int, int]:
    return line.identity, line.rules, line.errno, line.uid
