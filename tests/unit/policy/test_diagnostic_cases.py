"""Every case file under `tests/cases/diagnostics`: bad policy text, and the exact text of what is said about it."""

from pathlib import Path

import pytest
import yaml

from rules_engine.analysis.guarantees import hold
from rules_engine.analysis.held import diagnostics_of
from rules_engine.policy.budget import STATES
from rules_engine.policy.load import check_texts
from rules_engine.policy.render import render_all

CASES = Path(__file__).parents[2] / "cases" / "diagnostics"
SHARED = CASES / "shared"
FILES = sorted(CASES.glob("*.yaml"))


def _said(case: dict[str, object]) -> str:
    """What `rules check` says about the texts of a case, with the shared policies that it names; lint aside."""
    shared = {f"policies/{name}": (SHARED / name).read_text(encoding="utf-8") for name in case.get("shared", [])}
    checked = check_texts({**shared, **case["files"]}, base="/srv")
    said = list(checked.diagnostics)
    if checked.policies is not None:
        answers = hold(checked.policies, checked.policies.guarantees, case.get("budget", STATES))
        said += diagnostics_of(answers, checked.policies)
    return render_all(said, checked.sources)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_diagnostics_of_a_case_are_those_that_its_file_records(path: Path, update_cases: bool) -> None:
    """Code, message, place, shown line, help and related places are the recorded ones, and nothing else is said."""
    text = path.read_text(encoding="utf-8")
    case = yaml.safe_load(text)
    said = _said(case)
    if update_cases:
        block = "".join(f"  {line}".rstrip() + "\n" for line in said.splitlines())
        path.write_text(f"{text.partition(chr(10) + 'want: |')[0]}\nwant: |\n{block}", encoding="utf-8")
        return
    assert said == case["want"].rstrip("\n")
    assert said


def test_there_are_at_least_sixty_five_cases_each_with_a_note() -> None:
    """The folder holds the cases, and each says in a sentence what it is about."""
    notes = [yaml.safe_load(path.read_text(encoding="utf-8")).get("note") for path in FILES]
    assert len(notes) >= 65
    assert all(notes)
    assert len(set(notes)) == len(notes)


@pytest.mark.parametrize("name", sorted(path.name for path in SHARED.glob("*.yaml")))
def test_a_shared_policy_has_no_fault_of_its_own(name: str) -> None:
    """What a case reports comes from the case."""
    checked = check_texts({f"policies/{name}": (SHARED / name).read_text(encoding="utf-8")})
    assert checked.diagnostics == ()
