"""Laws of repair: whatever happens to the logs of a job, nothing legible is lost, and nothing is made up."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.events import AddFiles, Remove, decode_path, parts_of
from rules_engine.manifest.log import parse_log
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath, join
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import FileType, JobId, JobStatus, JobType

HOSTS = ("alpha", "beta")
NAMES = st.sampled_from(["w/a", "w/b", "o/c", "o/d", "e"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add_directory", "remove", "again"]), st.sampled_from(HOSTS), NAMES),
    min_size=1,
    max_size=7,
)
BLOWS = st.lists(
    st.tuples(st.sampled_from(HOSTS), st.floats(0, 1, exclude_max=True), st.sampled_from([b"\n", b"x", b"\x00", b'"'])),
    min_size=1,
    max_size=3,
)


class TickingClock:
    """A clock that goes on by one each time it is read."""

    def __init__(self, at: int = 1_000) -> None:
        self.time = at

    def now(self) -> Instant:
        """The next moment."""
        self.time += 1
        return Instant(self.time)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@dataclass
class Scene:
    """A root whose only job was worked on by two hosts."""

    path: Path
    root: Root
    clock: TickingClock

    def store(self, host: str = "alpha") -> ManifestStore:
        """The manifests as somebody sees them who knows nothing yet."""
        return ManifestStore(self.root, self.clock, machine=Machine(host, f"boot-{host}", Instant(0)))

    def live(self, steps: list[tuple[str, str, str]], *, critical: bool, finished: bool) -> None:
        """The job goes through `steps`."""
        request = StartRequest(JobId("j"), JobType("clip"), RelPath("w"), RelPath("o"), critical=critical)
        self.store().start(request)
        for what, host, name in steps:
            store, path = self.store(host), RelPath(name)
            if what == "add":
                store.add_files("j", [(path, FileType("temp_video"))])
            elif what == "add_directory":
                store.add_directory("j", RelPath(f"{path}-more"), file_type=FileType("temp_video"))
            elif what == "remove":
                store.remove("j", [path])
            else:
                store.finish("j", success=False, directories=[])
                self.store(host).start(request)
        if finished:
            self.store().finish("j", success=True, directories=[])

    def log(self, host: str) -> Path:
        """The log of one host."""
        return self.path / f".rules/manifests/j@{host}.jsonl"

    def legible(self) -> set[str]:
        """The files that an intact line adds and no intact line removes."""
        added: set[str] = set()
        removed: set[str] = set()
        for log in (self.path / ".rules/manifests").glob("j@*"):
            for line in parse_log(log.read_bytes(), log.name, "").lines:
                for part in parts_of(line.event):
                    if isinstance(part, AddFiles):
                        added |= {decode_path(path) for path, _ in part.files}
                    if isinstance(part, Remove):
                        removed |= {decode_path(path) for path in part.paths}
        return added - removed


@contextmanager
def scene() -> Iterator[Scene]:
    """A root of its own for each example."""
    with tempfile.TemporaryDirectory() as name, Root.create(name) as root:
        yield Scene(Path(name), root, TickingClock())


def says(record: JobRecord) -> object:
    """What a record says about the job itself."""
    files = {path: dict(names) for path, names in record.files.items()}
    return record.status, record.attempt, record.ended, record.workspace, files, dict(record.directories)


def named(record: JobRecord) -> set[str]:
    """Every file that it names."""
    return {join(path, name) for path, names in record.files.items() for name in names}


@settings(max_examples=150, deadline=None)
@given(STEPS, BLOWS, st.booleans(), st.booleans())
def test_repair_never_loses_what_is_legible_nor_trusts_what_is_not_the_same(
    steps: list[tuple[str, str, str]], blows: list[tuple[str, float, bytes]], critical: bool, finished: bool
) -> None:
    """Mended, a job is exactly what it was, or it is untrusted; every legible declaration stands; twice is once."""
    with scene() as here:
        here.live(steps, critical=critical, finished=finished)
        want = says(here.store().get("j"))
        for host, where, byte in blows:
            if here.log(host).exists():
                data = here.log(host).read_bytes()
                place = int(where * len(data))
                here.log(host).write_bytes(data[:place] + byte + data[place + 1 :])
        legible = here.legible()
        here.store().mend("j")
        loaded = here.store().load()
        assert here.store().mend("j") == ()
        if not loaded.jobs:
            assert [damage.anywhere for damage in loaded.damaged] == [True]
            return
        (record,) = loaded.jobs
        if loaded.damaged:
            assert record.status is JobStatus.UNTRUSTED
            assert legible <= named(record)
        else:
            # Also what a damaged line took back: the seal that covers it says so.
            assert says(record) == want
        if critical:
            assert not loaded.damaged


@settings(max_examples=100, deadline=None)
@given(STEPS, st.sampled_from(HOSTS), st.floats(0, 1), st.booleans(), st.booleans())
def test_a_log_that_is_cut_or_gone_leaves_what_its_seal_or_backup_names(
    steps: list[tuple[str, str, str]], host: str, where: float, gone: bool, critical: bool
) -> None:
    """The backup restores it exactly; the seal gives every file back, but not the trust."""
    with scene() as here:
        here.live(steps, critical=critical, finished=True)
        before = here.store().get("j")
        want, files = says(before), named(before)
        if not here.log(host).exists():
            return
        data = here.log(host).read_bytes()
        here.log(host).write_bytes(data[: int(where * len(data))])
        if gone:
            here.log(host).unlink()
        here.store().mend("j")
        loaded = here.store().load()
        (record,) = loaded.jobs
        assert files <= named(record)
        if critical:
            assert (loaded.damaged, says(record)) == ((), want)
        elif gone or where < 1:
            assert record.status is JobStatus.UNTRUSTED
