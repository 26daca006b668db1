"""What we select, beside git and pathspec: generated lists, and lists of real projects."""

import random
from dataclasses import replace

from counting import UNEXPLAINED, Counts, count, drawn
from judges import ask_git
from readings import Case, ask_about
from real import anchored, real_cases, real_lists

from rules_engine.policy.patterns import Reading, parse_patterns

PAIRS = 5000


def chance_of(seed: int) -> random.Random:
    """The same chances in every run."""
    return random.Random(seed)  # noqa: S311 - reproducible, not secret


def test_every_difference_to_git_and_pathspec_in_generated_lists_has_a_name() -> None:
    """Of thousands of generated pairs, each answer is git's or differs from it as docs/patterns.md says."""
    counts = count(list(drawn(chance_of(20260303), PAIRS)))
    assert counts.problems == []
    assert counts.pairs >= PAIRS * 0.9
    assert counts.selected > counts.pairs / 5
    assert counts.ours["agree"] > counts.pairs * 0.9
    assert counts.pathspec["brackets"] > 0


def test_every_difference_to_git_and_pathspec_in_lists_of_real_projects_has_a_name() -> None:
    """The same for paths made around the lines of real `.gitignore` files."""
    counts = count(list(real_cases(chance_of(20260304), 6)))
    assert counts.problems == []
    assert counts.selected > counts.pairs / 5


def test_a_removal_never_selects_more_than_git() -> None:
    """Whatever a removal rule takes, with `!` or without, git would ignore too; asked without any model of git."""
    chance = chance_of(20260305)
    cases = [*drawn(chance, PAIRS), *real_cases(chance, 4)]
    narrow = [case for case in cases if case.patterns.reading is Reading.NARROW]
    answers = ask_git([(case.patterns.texts, case.questions) for case in narrow])
    selected = 0
    for case, lines in zip(narrow, answers, strict=True):
        for question, line in zip(case.questions, lines, strict=True):
            if case.patterns.match(question.path, is_directory=question.is_directory) is not None:
                selected += 1
                assert line >= 0, (case.patterns.texts, question)
                assert not case.patterns.texts[line].startswith("!"), (case.patterns.texts, question)
    assert selected > PAIRS / 20


def test_a_slash_inside_written_as_the_help_says_is_what_git_reads() -> None:
    """Of real lists, git says the same whether a slash inside is anchored by it or by us."""
    cases = list(real_cases(chance_of(20260306), 2))
    questions = [one for case in cases for one in case.questions if not one.is_directory]
    for lines in real_lists():
        as_written, as_wanted = ask_git([(lines, questions), ([anchored(line) for line in lines], questions)])
        assert as_written == as_wanted


def test_only_what_can_match_nothing_is_refused_of_real_lines() -> None:
    """Once a slash inside is anchored, this program takes nearly every line of real projects."""
    lines = {anchored(line) for one in real_lists() for line in one}
    taken = {text for case in real_cases(chance_of(1), 1) for text in case.patterns.texts}
    assert len(lines) > 250
    assert sorted(lines - taken) == ["/./node_modules"]


def test_a_difference_without_a_name_is_seen() -> None:
    """The counting itself: answers of other patterns than those asked about are unexplained."""
    asked = Case(parse_patterns(["*.a"], Reading.WIDE), next(drawn(chance_of(3), 25)).questions)
    (facts,) = ask_about([asked])
    counts = Counts()
    counts.add(replace(asked, patterns=parse_patterns(["*"], Reading.WIDE)), facts)
    assert counts.ours[UNEXPLAINED] > 0
    assert counts.problems
