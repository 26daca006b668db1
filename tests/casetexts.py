"""Policies and cases from text, for the tests of policy tests; without a test of its own."""

from functools import cache
from typing import Final

from rules_engine.cases.comparing import CaseResult, try_case
from rules_engine.cases.load import CheckedCases, check_case_texts
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.policy.render import render_all

LAYOUT: Final = """\
version: 1
kind: layout
job_type: clip
parameters: {series: {default: none}}
workspace: "scratch/{job_id}"
output: "out/{series}"
status: "jobs/{status}/{job_id}"
directories:
  temp: {in: workspace}
  videos: {in: output, holds: [final_video]}
"""
SETTINGS: Final = "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 14d}\n"
STRAYS: Final = "{name: strays, files: {match: ['*.part'], tracked: false}, after: 7d, action: trash}"
HEROES: Final = "{name: heroes, files: {match: ['hero/']}, action: keep}"
SCRATCH: Final = "{name: scratch, files: {in: workspace}, after: {completed: 1d, failed: 14d}, action: delete}"


@cache
def policies_with(*rules: str) -> PolicySet:
    """A layout for clips, settings, and these rules."""
    cleanup = "version: 1\nkind: cleanup\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules)
    texts = {"policies/clip.yaml": LAYOUT, "policies/settings.yaml": SETTINGS}
    return load_texts({**texts, **({"policies/cleanup.yaml": cleanup} if rules else {})})


def check_case(body: str, *rules: str) -> CheckedCases:
    """What loading one case says: its text from `jobs` or `files` on, each line as it stands in the case."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    text = f"version: 1\nkind: cases\ncases:\n  - name: it\n{lines}"
    return check_case_texts({"policies/it.cases.yaml": text}, policies_with(*rules))


def tried(body: str, *rules: str) -> CaseResult:
    """One case, run and compared; it has no fault of its own."""
    checked = check_case(body, *rules)
    assert render_all(checked.diagnostics, checked.sources) == ""
    (case,) = checked.cases
    return try_case(case, policies_with(*rules))


def differences(body: str, *rules: str) -> list[tuple[str, str, str]]:
    """Path, what is expected and what is found, of each difference of one case."""
    return [(one.path, one.expected, one.found) for one in tried(body, *rules).differences]
