from collections.abc import Iterator
from pathlib import Path

import pytest
from damagedlogs import TEMP

from rules_engine.filesystem.machine import Machine
from rules_engine.filesystem.root import Root
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import SECOND, Instant
from rules_engine.values.vocabulary import JobId, JobStatus, JobType


class TickingClock:
    """A clock that goes on by one second each time it is read."""

    def __init__(self) -> None:
        self.time = 1_000 * SECOND

    def now(self) -> Instant:
        """The next second."""
        self.time += SECOND
        return Instant(self.time)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@pytest.fixture
def clock() -> TickingClock:
    """A clock of its own for each test."""
    return TickingClock()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root."""
    with Root.create(str(tmp_path)) as made:
        yield made


@pytest.fixture
def machine() -> Machine:
    """A machine that was booted before anything here happened."""
    return Machine("alpha", "boot1", Instant(0))


@pytest.fixture
def store(root: Root, clock: TickingClock, machine: Machine) -> ManifestStore:
    """The manifests of the root, on host `alpha`."""
    return ManifestStore(root, clock, machine=machine)


@pytest.fixture
def beta(root: Root, clock: TickingClock) -> ManifestStore:
    """The same manifests, on host `beta`."""
    return ManifestStore(root, clock, machine=Machine("beta", "boot9", Instant(0)))


@pytest.fixture
def request_one() -> StartRequest:
    """The start of `job-1`."""
    return StartRequest(
        job_id=JobId("job-1"),
        job_type=JobType("short_form"),
        workspace=RelPath("scratch/job-1"),
        output=RelPath("output/Suits"),
        parameters={"series": "Suits", "odd": "a\udcff"},
        status_links={status: RelPath(f"jobs/{status.value}/job-1") for status in JobStatus},
        aliases=(RelPath("old/shorts"),),
    )


@pytest.fixture
def log(store: ManifestStore, request_one: StartRequest, tmp_path: Path) -> Path:
    """The log of a running job that declared `output/a` and `output/b`."""
    store.start(request_one)
    for name in ("a", "b"):
        store.add_files("job-1", [(RelPath(f"output/{name}"), TEMP)])
    return tmp_path / ".rules/manifests/job-1@alpha.jsonl"
