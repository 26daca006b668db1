"""The option that rewrites the expected part of case files, and how examples are chosen."""

import os

import pytest
from hypothesis import settings

# In CI the same examples every time, so that a red run is about the change it ran on;
# everybody else looks at new examples with every run.
settings.register_profile("ci", derandomize=True, database=None, print_blob=True)
settings.register_profile("local", print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-cases`; read the diff before you commit what it wrote."""
    parser.addoption("--update-cases", action="store_true", help="rewrite the expected part of case files")


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether the expected parts of case files are to be rewritten."""
    return bool(request.config.getoption("--update-cases"))
