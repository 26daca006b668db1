"""What guarantees are once they are read: keep rules that decide nothing."""

from dataclasses import replace

import pytest

from rules_engine.policy.digest import digest_of
from rules_engine.policy.guarantees import guarantee_of
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import Action, Tracked
from rules_engine.policy.patterns import PatternError, Reading
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY

GUARANTEES = """\
version: 1
kind: guarantees
never_removed:
  - {name: finals, files: {match: "/finals"}, description: What was sent to customers.}
  - {name: early, jobs: {status: failed}, for: 14d}
"""
RULES = """\
version: 1
kind: cleanup
rules:
  - {name: finals, files: {match: "/tmp/"}, after: 7d, action: trash}
"""


def test_a_guarantee_is_read_as_a_keep_rule_with_its_words() -> None:
    """Silence is read widely, and the rule has a name that no rule of a policy has."""
    early, finals = load_texts({"g.yaml": GUARANTEES, "c.yaml": RULES}).guarantees
    assert (finals.name, finals.rule.name, finals.rule.action) == ("finals", "guarantees.finals", Action.KEEP)
    assert finals.rule.files.tracked is Tracked.ANY
    assert finals.rule.files.match is not None
    assert finals.rule.files.match.match(RelPath("finals/2026/a.mkv")) == 0
    assert finals.rule.description == "What was sent to customers."
    assert str(finals.rule.span) == "g.yaml:4:5"
    assert (early.name, early.rule.keep_for, early.rule.files.tracked) == ("early", 14 * DAY, Tracked.TRACKED)


def test_guarantees_decide_nothing() -> None:
    """They are no rules, and the digest by which a plan knows its policies leaves them out."""
    without = load_texts({"c.yaml": RULES})
    with_them = load_texts({"g.yaml": GUARANTEES, "c.yaml": RULES})
    assert with_them.rules == without.rules
    assert with_them.digest == without.digest == digest_of(replace(with_them, guarantees=()))
    assert with_them.guarantees
    assert load_texts({"g.yaml": GUARANTEES}).rules == ()


def test_a_pattern_of_the_command_line_is_read_widely() -> None:
    """A directory with all below it, whoever owns a file there."""
    found = guarantee_of("/finals")
    assert found.name == "/finals"
    assert found.rule.files.tracked is Tracked.ANY
    assert found.rule.files.match is not None
    assert found.rule.files.match.reading is Reading.WIDE
    with pytest.raises(PatternError):
        guarantee_of("finals/a")
