"""The option that rewrites the expected part of case files, how examples are chosen, and who hears interruptions."""

import importlib
import os
import pkgutil
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

import rules_engine

# In CI the same examples every time, so that a red run is about the change it ran on;
# everybody else looks at new examples with every run.
# No example has a deadline: a machine that is busy with other things would miss it.
settings.register_profile("ci", derandomize=True, database=None, print_blob=True, deadline=None)
settings.register_profile("local", print_blob=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Hypothesis also draws the constants that it sees in loaded modules of this project. With all of them loaded at once,
# what a test draws does not hang on the tests that ran before it in the same process.
for _module in pkgutil.walk_packages(rules_engine.__path__, "rules_engine."):
    if _module.name != "rules_engine.__main__":  # it starts the command line
        importlib.import_module(_module.name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-cases`; read the diff before you commit what it wrote."""
    parser.addoption("--update-cases", action="store_true", help="rewrite the expected part of case files")


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether the expected parts of case files are to be rewritten."""
    return bool(request.config.getoption("--update-cases"))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Interruptions are heard here and by what is started here; `nohup … &` has the whole suite ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
