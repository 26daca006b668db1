from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.manifest.store import ManifestStore


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    """An initialised root."""
    with Root.create(str(tmp_path)) as made:
        yield made


@pytest.fixture
def store(root: Root) -> ManifestStore:
    """The manifests of the root."""
    return ManifestStore(root, SystemClock(), host="alpha")
