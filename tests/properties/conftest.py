"""Which laws are tried without measuring the lines that they reach: all but those of plan/ and values/."""

from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
MEASURED: Final = ("decision", "narrowing", "plan", "planfile", "rank", "release", "unit", "values", "verdict")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measuring makes thousands of examples take twice as long, and other tests reach those lines as well."""
    measured = {f"test_{one}_laws.py" for one in MEASURED}
    for item in items:
        if item.path.is_relative_to(HERE) and item.path.name not in measured:
            item.add_marker("no_cover")
