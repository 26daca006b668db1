"""Every YAML block in the documents can be loaded, and every key of the language is explained."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules_engine.cases.load import check_case_texts
from rules_engine.policy.load import check_texts, load_policies
from rules_engine.policy.shipped import shipped_folder

REPOSITORY = Path(__file__).parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def find_blocks() -> Iterator[tuple[str, str]]:
    """The name and text of each YAML block."""
    for page in PAGES:
        if page.exists():
            for number, found in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8")), start=1):
                yield f"{page.name} {number}", found[1]


def load_with_layouts(text: str) -> list[str]:
    """What is wrong with a policy, or a list of rules, or with cases, beside the policies that ship."""
    if "\nkind: cases\n" in text:
        cases = check_case_texts({"/p/block.cases.yaml": text}, load_policies([shipped_folder()]))
        return [f"{one.code} {one.message}" for one in cases.diagnostics]
    if text.startswith("- "):
        text = f"version: 1\nkind: cleanup\nrules:\n{text}"
    layouts = {path.name: path.read_text("utf-8") for path in Path(shipped_folder()).glob("*_*.yaml")}
    mine = re.search(r"^job_type: (\w+)$", text, re.MULTILINE)
    texts = {f"/p/{name}": layout for name, layout in layouts.items() if mine is None or name != f"{mine[1]}.yaml"}
    texts["/p/settings.yaml"] = (Path(shipped_folder()) / "settings.yaml").read_text("utf-8")
    if "\nkind: settings\n" in text:
        texts.pop("/p/settings.yaml")
    return [f"{one.code} {one.message}" for one in check_texts({**texts, "/p/block.yaml": text}).diagnostics]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in find_blocks()])
def test_a_yaml_block_of_the_documents_loads(text: str) -> None:
    """A reader can copy it."""
    assert load_with_layouts(text) == []


def test_the_blocks_are_found() -> None:
    """The pages of the language have at least four of them."""
    assert len([name for name, _ in find_blocks() if name.startswith(("policies.md", "patterns.md"))]) >= 4


def find_keys(schema: object) -> Iterator[str]:
    """Every key that a schema gives a name."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for value in schema.values():
            yield from find_keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from find_keys(value)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("layout", "policies"), ("cleanup", "policies"), ("settings", "policies"), ("guarantees", "guarantees")],
)
def test_every_key_of_the_language_is_explained(kind: str, name: str) -> None:
    """The page has each of them in backticks."""
    schema = json.loads((REPOSITORY / "schemas" / f"{kind}.v1.json").read_text("utf-8"))
    page = (REPOSITORY / "docs" / f"{name}.md").read_text("utf-8")
    keys = set(find_keys(schema))
    assert len(keys) > 10
    assert sorted(key for key in keys if not re.search(rf"`(\w+\.)?{key}(\.\w+|: [^`]+)?`", page)) == []
