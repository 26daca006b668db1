import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.errors import UntrustedStateError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.manifest.hosts import known_hosts
from rules_engine.manifest.request import StartRequest
from rules_engine.manifest.store import ManifestStore
from rules_engine.values.paths import RelPath
from rules_engine.values.vocabulary import FileType, JobId, JobType


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """A root of our own."""
    with Root.create(str(tmp_path)) as found:
        yield found


def store(root: Root, host: str) -> ManifestStore:
    """The store as that host sees it."""
    return ManifestStore(root, SystemClock(), host=host)


def start(root: Root, host: str, job_id: str) -> None:
    """Start a job on a host."""
    store(root, host).start(
        StartRequest(JobId(job_id), JobType("plain"), RelPath(f"work/{job_id}"), RelPath(f"out/{job_id}"))
    )


def index(tmp_path: Path) -> Path:
    """Where the hosts are named."""
    return tmp_path / ".rules/hosts"


def test_a_host_is_named_once_before_its_first_log(tmp_path: Path, root: Root) -> None:
    """However many jobs it starts."""
    for job_id in ("a", "b"):
        start(root, "alpha", job_id)
    start(root, "beta", "c")
    assert index(tmp_path).read_bytes() == b"\nalpha\n\nbeta\n"
    assert root.state is not None
    assert known_hosts(root.state) == ("alpha", "beta")


def test_a_host_that_only_adds_is_named_too(tmp_path: Path, root: Root) -> None:
    """The job is found with both of its logs."""
    start(root, "alpha", "a")
    store(root, "beta").add_files("a", [(RelPath("work/a/x"), FileType("t"))])
    found = store(root, "alpha").get("a")
    assert found.files == {"work/a": {"x": "t"}}


def test_a_root_without_the_index_is_listed_and_gets_one_that_is_whole(tmp_path: Path, root: Root) -> None:
    """As older roots are: with the hosts of all logs, from its first moment."""
    start(root, "alpha", "a")
    start(root, "beta", "b")
    index(tmp_path).unlink()
    assert store(root, "gamma").get("a").job_id == "a"
    assert store(root, "gamma").find("nobody") is None
    assert not index(tmp_path).exists()
    start(root, "gamma", "c")
    assert root.state is not None
    assert known_hosts(root.state) == ("alpha", "beta", "gamma")
    assert not [name for name in os.listdir(tmp_path / ".rules") if name.endswith(".tmp")]


def test_a_line_that_was_torn_off_hides_no_host(tmp_path: Path, root: Root) -> None:
    """What its writer left is the name of nobody, and does not swallow the next."""
    start(root, "alpha", "a")
    with index(tmp_path).open("ab") as target:
        target.write(b"\nbe")
    start(root, "beta", "b")
    assert root.state is not None
    assert known_hosts(root.state) == ("alpha", "be", "beta")
    assert store(root, "gamma").get("b").job_id == "b"


def test_an_index_that_cannot_be_read_stops_who_asks(tmp_path: Path, root: Root) -> None:
    """Without it a job would look as if it had no manifest."""
    start(root, "alpha", "a")
    index(tmp_path).unlink()
    index(tmp_path).mkdir()
    with pytest.raises(UntrustedStateError, match="hosts` cannot be read"):
        store(root, "alpha").find("a")
