"""The script that breaks each property on purpose: its table fits the code, and its verdicts are what they say."""

from pathlib import Path

import mutations
import pytest
from mutation_table import MUTATIONS, Mutation
from mutations import (
    CHECKOUT,
    PROPERTIES,
    Verdict,
    judge,
    judge_all,
    main,
    mutated,
    passes_unchanged,
    uncovered,
    verdict_of,
    with_mutation,
)

TESTS = CHECKOUT / "tests" / "properties"
BREAKS = Mutation(3, "one is two", "rules_engine/code.py", "ONE = 1", "ONE = 2")
HARMLESS = Mutation(3, "two words", "rules_engine/code.py", "ONE = 1", "ONE = 1 + 0")
UNREADABLE = Mutation(3, "no Python", "rules_engine/code.py", "ONE = 1", "ONE =")
STALE = Mutation(3, "is not there", "rules_engine/code.py", "TWO = 2", "")
TAGGED = """\
from rules_engine.code import ONE


# Feature: file-system-cleanup, Property 3: Failed Job Preservation
@decorated(
    twice,
)
def test_one():
    assert ONE == 1


# Feature: file-system-cleanup, Property 13: Nothing
def test_other():
    pass


# Feature: file-system-cleanup, Property 3: Failed Job Preservation
# Feature: file-system-cleanup, Property 5: Manifest Lifecycle Management
TestMachine = Machine.TestCase
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one module and one tagged test."""
    for name in ("rules_engine", "tests/properties", "schemas", "policies"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "rules_engine/__init__.py").write_text("")
    (tmp_path / "rules_engine/code.py").write_text("ONE = 1\n")
    test = TAGGED.partition("\n\n\n# Feature: file-system-cleanup, Property 13")[0]
    (tmp_path / "tests/properties/test_code.py").write_text(test.replace("@decorated(\n    twice,\n)\n", ""))
    monkeypatch.setattr(mutations, "CHECKOUT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.property}: {one.breaks}")
def test_every_mutation_fits_the_code(mutation: Mutation) -> None:
    """Its text stands in its file exactly once, and what it makes of it is Python."""
    changed = mutated((CHECKOUT / mutation.file).read_text(), mutation)
    assert changed is not None
    compile(changed, mutation.file, "exec")


def test_every_property_has_a_mutation_and_a_test() -> None:
    """Nobody adds a property, or takes its last test away, and does not notice."""
    assert uncovered(MUTATIONS, PROPERTIES) == []
    assert [number for number in PROPERTIES if not mutations.tests_of(number, TESTS)] == []
    assert uncovered([BREAKS], PROPERTIES) == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]


def test_tests_are_found_by_their_tags(tmp_path: Path) -> None:
    """Functions and machines, these last; behind decorators of several lines; 3 is not 13."""
    (tmp_path / "test_code.py").write_text(TAGGED)
    name = "tests/properties/test_code.py"
    assert mutations.tests_of(3, tmp_path) == [f"{name}::test_one", f"{name}::TestMachine"]
    assert mutations.tests_of(5, tmp_path) == [f"{name}::TestMachine"]
    assert mutations.tests_of(13, tmp_path) == [f"{name}::test_other"]
    assert mutations.tests_of(1, tmp_path) == []


def test_a_mutation_needs_one_place() -> None:
    """Neither a text that is gone nor one that stands twice is changed."""
    assert mutated("ONE = 1\n", BREAKS) == "ONE = 2\n"
    assert mutated("TWO = 2\n", BREAKS) is None
    assert mutated("ONE = 1\nONE = 1\n", BREAKS) is None


def test_only_a_failing_test_kills() -> None:
    """Tests that could not be run say nothing."""
    assert [verdict_of(code) for code in (0, 1, 2, 4, 5)] == [
        Verdict.SURVIVED,
        Verdict.KILLED,
        Verdict.BROKEN,
        Verdict.BROKEN,
        Verdict.BROKEN,
    ]


def test_a_copy_is_as_before_after_a_mutation(checkout: Path) -> None:
    """Also where the block fails."""
    with pytest.raises(KeyboardInterrupt), with_mutation(checkout, BREAKS):
        _interrupt(checkout)
    assert (checkout / "rules_engine/code.py").read_text() == "ONE = 1\n"
    with with_mutation(checkout, STALE) as fits:
        assert not fits


def _interrupt(copy: Path) -> None:
    assert (copy / "rules_engine/code.py").read_text() == "ONE = 2\n"
    raise KeyboardInterrupt


def test_a_checkout_is_judged_and_left_alone(checkout: Path) -> None:
    """Each mutation has its verdict, in order; the copies are gone and the checkout is what it was."""
    assert passes_unchanged([BREAKS])
    found = [(one, verdict) for one, verdict, _ in judge_all([BREAKS, HARMLESS, UNREADABLE, STALE], 2)]
    assert found == [
        (BREAKS, Verdict.KILLED),
        (HARMLESS, Verdict.SURVIVED),
        (UNREADABLE, Verdict.BROKEN),
        (STALE, Verdict.BROKEN),
    ]
    assert (checkout / "rules_engine/code.py").read_text() == "ONE = 1\n"


def test_the_exit_code_tells_whether_all_were_killed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that survives, a property without any, or tests that fail by themselves are exit code 1."""
    monkeypatch.setattr(mutations, "MUTATIONS", (BREAKS,))
    assert main(["3"]) == 0
    assert capsys.readouterr().out.endswith("1 of 1 mutations were killed\n")
    assert main([]) == 1
    assert capsys.readouterr().out == "no mutation breaks property 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12\n"
    monkeypatch.setattr(mutations, "MUTATIONS", (BREAKS, HARMLESS))
    assert main(["3"]) == 1
    assert capsys.readouterr().out.endswith("1 of 2 mutations were killed\n")
    (checkout / "rules_engine/code.py").write_text("ONE = 3\n")
    assert main(["3"]) == 1
    assert capsys.readouterr().out == "the tests fail without any mutation; mend them first\n"


def test_a_mutation_without_tests_is_broken(checkout: Path) -> None:
    """A property that nobody tests is not held."""
    assert judge(checkout, Mutation(4, "", "rules_engine/code.py", "ONE = 1", "ONE = 2")) is Verdict.BROKEN
