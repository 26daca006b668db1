"""The option that rewrites the expected part of case files."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-cases`; read the diff before you commit what it wrote."""
    parser.addoption("--update-cases", action="store_true", help="rewrite the expected part of case files")


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether the expected parts of case files are to be rewritten."""
    return bool(request.config.getoption("--update-cases"))
