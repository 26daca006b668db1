"""Laws of manifests: what was written is what is read, whatever is cut off, and whoever wrote it."""

import tempfile
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.amend import completed
from rules_engine.manifest.events import AddDirectory, AddFiles, Event, Finish, Lease, Line, Remove, Start, encode_line
from rules_engine.manifest.fold import Attempt, Folded, fold
from rules_engine.manifest.log import parse_log
from rules_engine.manifest.model import JobRecord, Liveness
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.seal import CoveredLog, decode_seal, encode_seal
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.names import decode_name, encode_name
from rules_engine.values.paths import RelPath, from_bytes, is_at_or_below, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId, JobStatus, JobType

JOB = JobId("job-1")
START = Start(format_version=1, job_type="short_form", attempt=1, workspace="w", output="out")

NAMES = st.binary(min_size=1, max_size=6).map(lambda raw: from_bytes(raw.replace(b"/", b"_").replace(b"\0", b"_")))
PARTS = NAMES.filter(lambda name: name not in {".", ".."})
PATHS = st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: RelPath("/".join(parts)))
TYPES = st.sampled_from(["temp_video", "final_video", "metadata"])
FILES = st.lists(st.tuples(PATHS.map(encode_name), TYPES), min_size=1, max_size=4)
EVENTS = st.one_of(
    FILES.map(lambda files: AddFiles(files=files)),
    st.builds(AddDirectory, path=PATHS.map(encode_name), file_type=TYPES),
    st.builds(Remove, paths=st.lists(PATHS.map(encode_name), min_size=1, max_size=3)),
    st.builds(Lease, lease_ns=st.integers(1, 10**18)),
)


def _unknown(_attempt: Attempt) -> Liveness:
    return Liveness.UNKNOWN


def _lines(events: Sequence[Event]) -> list[bytes]:
    return [encode_line(Line(seq, seq * 10, event)) for seq, event in enumerate(events, 1)]


def _fold(data: bytes) -> Folded:
    return fold(JOB, [parse_log(data, "job-1@a.jsonl", "a")], _unknown)


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_every_name_survives_json(raw: bytes) -> None:
    """Any bytes that a disk can hold are written and read back."""
    assert decode_name(encode_name(from_bytes(raw))) == from_bytes(raw)


@given(st.lists(EVENTS, max_size=6), st.integers(0, 2_000))
@settings(max_examples=200)
def test_a_log_cut_at_any_byte_is_the_log_before(events: list[Event], cut: int) -> None:
    """What is left folds as if the torn line had never been begun."""
    lines = _lines([START, *events])
    data = b"".join(lines)[: len(lines[0]) + cut]
    whole = data[: data.rfind(b"\n") + 1]
    assert _fold(data) == _fold(whole)
    assert _fold(data).damage is None


@given(st.lists(EVENTS, min_size=1, max_size=4), st.data())
@settings(max_examples=200)
def test_no_changed_byte_goes_unnoticed(events: list[Event], data: st.DataObject) -> None:
    """A log with one byte changed is damaged, or has lost no more than its torn last line; never does it say more."""
    raw = b"".join(_lines([START, *events]))
    place = data.draw(st.integers(0, len(raw) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda value: value != raw[place]))
    changed = _fold(raw[:place] + bytes([value]) + raw[place + 1 :])
    if changed.damage is None:
        assert place == len(raw) - 1
        assert changed == _fold(b"".join(_lines([START, *events[:-1]])))
    else:
        assert changed.record is None or changed.record.status is JobStatus.UNTRUSTED


@given(st.lists(EVENTS, max_size=6), st.sampled_from(["completed", "failed"]))
@settings(max_examples=150)
def test_a_seal_says_what_the_logs_say(events: list[Event], status: str) -> None:
    """Sealing a job changes nothing of its record but that it is sealed."""
    folded = _fold(b"".join(_lines([START, *events, Finish(status)])))  # type: ignore[arg-type]
    record = folded.record
    assert record is not None
    sealed = decode_seal(encode_seal(record, [CoveredLog("a", 1, "")], completed(record, [])), JOB).record
    assert _plain(sealed) == _plain(record)


def _plain(record: JobRecord) -> tuple[object, ...]:
    files = {path: dict(names) for path, names in record.files.items()}
    fields = (record.status, record.started, record.ended, record.last_sign, record.workspace, record.output)
    return (files, dict(record.directories), *fields)


class _Clock:
    def __init__(self) -> None:
        self.time = 0

    def now(self) -> Instant:
        self.time += 1
        return Instant(self.time)

    def sleep(self, seconds: float) -> None:
        self.time += int(seconds)


@given(st.lists(st.tuples(st.sampled_from(["alpha", "beta"]), PATHS, TYPES, st.booleans()), max_size=8))
@settings(max_examples=100, deadline=None)
def test_whoever_writes_all_read_the_same(steps: list[tuple[str, RelPath, str, bool]]) -> None:
    """Two hosts that add and remove in turn tell one story, and it is that of a single list."""
    clock = _Clock()
    wanted: dict[RelPath, FileType] = {}
    with tempfile.TemporaryDirectory() as path, Root.create(path) as root:
        stores = {host: ManifestStore(root, clock, machine=Machine(host, "b", None)) for host in ("alpha", "beta")}
        stores["alpha"].start(StartRequest(JOB, JobType("short_form"), RelPath("w"), RelPath("out")))
        for host, file, file_type, adds in steps:
            if ".rules" in file.split("/"):
                continue
            if adds:
                stores[host].add_files(JOB, [(file, FileType(file_type))])
                wanted[file] = FileType(file_type)
            else:
                stores[host].remove(JOB, [file])
                # What was a directory takes what was declared in it.
                wanted = {path: one for path, one in wanted.items() if not is_at_or_below(path, file)}
        for store in stores.values():
            record = store.get(JOB)
            assert {join(at, name): one for at, names in record.files.items() for name, one in names.items()} == wanted
