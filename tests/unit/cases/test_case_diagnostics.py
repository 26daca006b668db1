"""Every file under `tests/cases/cases`: a faulty file of cases, and the exact text of what is said about it."""

import re
from pathlib import Path

import pytest
import yaml
from casetexts import HEROES, SCRATCH, STRAYS, policies_with

from rules_engine.cases.load import check_case_texts
from rules_engine.policy.load import check_texts
from rules_engine.policy.render import render_all

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "tests" / "cases" / "cases"
FILES = sorted(FOLDER.glob("*.yaml"))
SHOWN = "{name: shown, files: {match: ['*.log'], tracked: false}, after: 7d, action: trash, report_only: true}"


def _said(text: str) -> str:
    policies = policies_with(HEROES, SCRATCH, STRAYS, SHOWN)
    checked = check_case_texts({"policies/it.cases.yaml": text}, policies)
    assert checked.cases == ()
    return render_all(checked.diagnostics, checked.sources)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_said_about_faulty_cases_is_what_is_recorded(path: Path, update_cases: bool) -> None:
    """Code, message, place, shown line, help and related places are the recorded ones, and nothing else is said."""
    text = path.read_text(encoding="utf-8")
    case = yaml.safe_load(text)
    said = _said(case["text"])
    if update_cases:
        block = "".join(f"  {line}".rstrip() + "\n" for line in said.splitlines())
        path.write_text(f"{text.partition(chr(10) + 'want: |')[0].rstrip()}\nwant: |\n{block}", encoding="utf-8")
        return
    assert said == case["want"].rstrip("\n")
    assert said


def test_every_code_of_cases_is_shown_by_a_case() -> None:
    """Those that only cases have; what they share with policies is shown there."""
    sources = (REPOSITORY / "rules_engine" / "cases").glob("*.py")
    used = {code for source in sources for code in re.findall(r'"(P5\d\d)"', source.read_text("utf-8"))}
    shown = {code for path in FILES for code in re.findall(r"error\[(P5\d\d)\]", path.read_text("utf-8"))}
    assert len(used) >= 8
    assert shown == used


def test_a_file_of_cases_with_the_name_of_a_policy_is_told_its_name() -> None:
    """It would else be an unknown kind of policy."""
    checked = check_texts({"policies/it.yaml": "version: 1\nkind: cases\ncases: []\n"})
    assert [(one.code, one.help_text) for one in checked.diagnostics] == [
        ("P205", "give the file a name that ends in `.cases.yaml`, and run it with `rules test`")
    ]
