import functools
import os
from typing import Final

import pytest
import yaml
from caseanswer import Planned, answer, plan_case, rewrite, wanted
from casefile import Case, case_paths, read_case

from rules_engine.plan.model import Because, Kept

CASES: Final = case_paths("plan")


@functools.cache
def _planned(path: str) -> tuple[Case, Planned]:
    """A case and its plan; several tests look at each, and planning it once is enough."""
    case = read_case(path)
    return case, plan_case(case)


def _stem(path: str) -> str:
    return os.path.basename(path).removesuffix(".yaml")


@pytest.mark.parametrize("path", CASES, ids=_stem)
def test_the_answer_of_the_planner_is_the_one_that_the_case_records(path: str, update_cases: bool) -> None:
    """Every file of the case is accounted for, with its reason, and every expectation is met."""
    case, planned = _planned(path)
    found = answer(case, planned)
    if update_cases and found != wanted(case):
        rewrite(case, found)
        return
    assert found == wanted(case)


@pytest.mark.parametrize("path", CASES, ids=_stem)
def test_every_file_of_a_case_is_decided_exactly_once(path: str) -> None:
    """No file is passed over, none is decided twice, and what a narrowed plan leaves out is counted."""
    case, planned = _planned(path)
    files = [file.path for facts in case.inventory.directories for file in facts.files]
    decided = [file.path for file, _ in planned.decided]
    assert sorted(path for path in files if path in decided) == sorted(decided)
    assert len(decided) + planned.plan.trailer.left_out.files == len(files)


def test_there_are_many_cases_each_with_its_own_note() -> None:
    """The folder holds the scenarios, and each says in a sentence what it is about."""
    notes = []
    for path in CASES:
        with open(path, encoding="utf-8") as source:
            notes.append(yaml.safe_load(source)["note"])
    assert len(notes) >= 95
    assert all(notes)
    assert len(set(notes)) == len(notes)


def test_every_reason_to_keep_a_file_has_a_case() -> None:
    """A reason that no scenario shows is one that nobody has seen."""
    shown = {
        decision.because for path in CASES for _, decision in _planned(path)[1].decided if isinstance(decision, Kept)
    }
    assert shown == set(Because)
