from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.filesystem.directory import Directory


@pytest.fixture(params=[False, True], ids=["openat2", "portable"])
def portable(request: pytest.FixtureRequest) -> bool:
    """Both routes: the calls of Linux, and the fallback without them."""
    return bool(request.param)


@pytest.fixture
def here(tmp_path: Path, portable: bool) -> Iterator[Directory]:
    """An open temporary directory."""
    with Directory.open_root(str(tmp_path), portable=portable) as directory:
        yield directory
