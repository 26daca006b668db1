"""The pages about policy tests are carried out as they stand, and name every word of the format."""

import json
import re
from pathlib import Path
from typing import Any

from cliplace import REPOSITORY, Place
from recipepages import Block
from recipestage import session, staged, write_block

from rules_engine.cases.expectations import REASONS
from rules_engine.policy.schema import schema_text

PAGE = (REPOSITORY / "docs" / "policy-tests.md").read_text("utf-8")
FORMAT = (REPOSITORY / "docs" / "reference" / "formats" / "cases.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _keys(schema: Any) -> set[str]:
    """Every key that a schema gives a name."""
    if isinstance(schema, dict):
        return set(schema.get("properties", ())) | {key for value in schema.values() for key in _keys(value)}
    return {key for value in schema for key in _keys(value)} if isinstance(schema, list) else set()


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    """Its blocks are written where a reader would put them, and its commands print what is shown."""
    blocks = [Block(found[1], found[2]) for found in BLOCK.finditer(PAGE)]
    assert sum(len(block.commands) for block in blocks if block.language == "console") >= 8
    with staged(tmp_path, {}) as place:
        for block in blocks:
            if block.language == "yaml":
                write_block(place, block)
                continue
            for command, (code, output) in zip(block.commands, session(place, list(block.commands)), strict=True):
                assert code == command.code, output
                text = output if output.endswith("\n") or not output else f"{output}\n"
                assert re.fullmatch(command.pattern, text), f"$ {command.line}\n{output}"


def test_the_page_explains_every_key_and_every_reason() -> None:
    """Each in code; a key of the schema that nobody can look up would be a secret."""
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    assert sorted(_keys(json.loads(schema_text("cases"))) - said - {"version", "kind", "description", "cases"}) == []
    assert sorted(set(REASONS) - said) == []


def test_the_example_of_the_format_has_every_key_and_passes(place: Place) -> None:
    """An old file loads: with the policies that ship, everything is as it expects."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", FORMAT, re.MULTILINE | re.DOTALL)
    assert sorted(key for key in _keys(json.loads(schema_text("cases"))) if f"{key}:" not in text) == []
    place.write("one.cases.yaml", text)
    answer = place.rules("test", "one.cases.yaml", "--policies", str(REPOSITORY / "policies"))
    assert (answer.code, answer.err) == (0, "")


def test_the_document_of_the_format_is_what_is_printed(place: Place) -> None:
    """Key by key and value by value, and the table names each."""
    (text,) = re.findall(r"^```json\n(.*?)^```$", FORMAT, re.MULTILINE | re.DOTALL)
    case = "  - name: strays go\n    files: {a.part: 1d ago}\n    expect: {trash: [a.part]}\n"
    place.write("p.cases.yaml", f"version: 1\nkind: cases\ncases:\n{case}")
    rule = "{name: parts, files: {match: ['*.part'], tracked: false}, after: 7d, action: trash}"
    place.write("policies/cleanup.yaml", f"version: 1\nkind: cleanup\nrules:\n\n\n\n\n  - {rule}\n")
    assert place.rules("test", "p.cases.yaml", "--format", "json").document == json.loads(text)
    named = set(re.findall(r"`(\w+)`", FORMAT))
    place_keys = {"file", "line", "column", "end_line", "end_column"}
    assert sorted(set(re.findall(r'"(\w+)":', text)) - named - place_keys) == []
