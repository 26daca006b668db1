"""`rules analyze` as somebody types it: the page about it, its exit codes, its document, its speed."""

import os
import re
import resource
from pathlib import Path
from typing import Final

from cliplace import REPOSITORY, Place
from fifty_rules import fifty_texts

PAGE: Final = REPOSITORY / "docs" / "analysis.md"
BLOCK: Final = re.compile(r"^```(yaml|text)\n(?:# (\S+)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
NEVER: Final = """\
version: 1
kind: cleanup
rules:
  - {name: old, files: {match: ["/in/*.tmp"], tracked: false}, after: 1d, action: delete}
  - {name: kept, files: {match: ["/in/"]}, action: keep}
"""
FINE: Final = NEVER.replace('"/in/"', '"/in/keep/"')


def write(folder: Path, texts: dict[str, str]) -> None:
    """A folder of policies with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_the_page_shows_what_the_command_says(tmp_path: Path) -> None:
    """The policies of the page are written to a folder, and the answer is the one that stands there."""
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    write(tmp_path / "policies", {Path(name).name: text for kind, name, text in blocks if kind == "yaml"})
    answer = Place(tmp_path).rules("analyze")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == next(text for kind, _, text in blocks if kind == "text")


def test_findings_fail_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """A rule that never decides fails with `--strict` alone; a rule that reaches far fails never."""
    write(tmp_path / "policies", {"cleanup.yaml": NEVER})
    assert Place(tmp_path).rules("analyze").code == 0
    assert Place(tmp_path).rules("analyze", "--strict").code == 3
    write(tmp_path / "policies", {"cleanup.yaml": FINE})
    assert Place(tmp_path).rules("analyze", "--strict").code == 0


def test_what_is_not_known_is_said_and_fails_with_strict(tmp_path: Path) -> None:
    """A budget that is too small gives no answer, and says so for each question."""
    write(tmp_path / "policies", {"cleanup.yaml": FINE})
    answer = Place(tmp_path).rules("analyze", "--strict", "--budget", "3")
    assert answer.code == 3
    assert "`old`: whether it can be the reason for anything is not known after 3 states" in answer.out
    assert "what is not known is said" in answer.out


def test_the_document_has_every_finding_with_its_example(tmp_path: Path) -> None:
    """JSON says of each finding the rule, its place, and what becomes of which file."""
    write(tmp_path / "policies", {"cleanup.yaml": NEVER})
    document = Place(tmp_path).rules("analyze", "--format", "json").document
    assert (document["kind"], document["rules"]) == ("analysis", 2)
    (found,) = document["findings"]
    assert (found["kind"], found["rule"], found["others"]) == ("never", "old", ["kept"])
    assert found["place"]["line"] == 4
    assert found["example"]["job_type"] is None
    assert found["example"]["path"] == "in/.tmp"
    assert [stage["decision"] for stage in found["example"]["stages"]] == ["kept"]


def test_an_invalid_policy_is_told_as_everywhere(tmp_path: Path) -> None:
    """What cannot be loaded is not analyzed."""
    write(tmp_path / "policies", {"cleanup.yaml": NEVER.replace("after: 1d", "after: soon")})
    answer = Place(tmp_path).rules("analyze")
    assert (answer.code, answer.out) == (4, "")
    assert "cleanup.yaml:4" in answer.err


def test_fifty_rules_take_less_than_five_seconds(tmp_path: Path) -> None:
    """Everything about fifty rules is proved in five seconds of one processor, and nothing is left unknown."""
    write(tmp_path / "policies", fifty_texts())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Somebody who counts lines would make it take twice as long.
    uncounted = {name: "" for name in os.environ if name.startswith("COV")}
    answer = Place(tmp_path).process("analyze", environment=uncounted)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5
    assert answer.out.startswith("50 rules, ")
    assert "all of it is proved" in answer.out


def test_the_shipped_policies_have_no_rule_without_effect(tmp_path: Path) -> None:
    """Every rule that ships can be the reason for something."""
    for folder in ("policies", "policies/legacy"):
        assert Place(tmp_path).rules("analyze", "--strict", "--policies", str(REPOSITORY / folder)).code == 0
