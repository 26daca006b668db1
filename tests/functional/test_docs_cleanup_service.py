"""The page about the components says of cleanup what the code has."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

from rules_engine.jobs.cleanup import CleanupService
from rules_engine.jobs.models import CleanupResult

PAGE = (Path(__file__).parents[2] / "docs" / "components.md").read_text("utf-8")
SECTION = re.split(r"^## ", PAGE[PAGE.index("## CleanupService") + 3 :], flags=re.MULTILINE)[0]


def test_every_field_of_a_result_is_explained() -> None:
    """And no field that is not there."""
    rows = re.findall(r"^\| `(\w+)` \| ", SECTION, re.MULTILINE)
    assert set(rows) == {one.name for one in fields(CleanupResult)} - {"dry_run"} | {"ok"}


def positional(name: str) -> str:
    """The parameters of a call that the seed names, as a signature writes them."""
    given = list(inspect.signature(getattr(CleanupService, name)).parameters.values())[1:]
    named = [one for one in given if one.kind is one.POSITIONAL_OR_KEYWORD]
    return ", ".join(one.name if one.default is one.empty else f"{one.name}={one.default}" for one in named)


def test_every_call_is_explained_with_its_parameters() -> None:
    """Those of the seed, with their defaults; and no call is missing."""
    rows = dict(re.findall(r"^\| `(\w+)\((.*?)\)` \| ", SECTION, re.MULTILINE))
    public = {name for name in vars(CleanupService) if not name.startswith("_")}
    assert rows == {name: positional(name) for name in public}
