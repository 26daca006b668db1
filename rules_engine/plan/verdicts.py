"""What rules say of a subject, asked only of those that can have something to say.

Most rules refuse most files because of their path, or for several reasons at once; that decides nothing and is told
nowhere. Which rules are left depends on what the automaton answers about the path, and on what the subject looks like
to rules; both take few values, so that a subject costs two look-ups, however many rules there are.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from rules_engine.plan.ages import aged_from
from rules_engine.plan.select import (
    Matched,
    Miss,
    NotMatched,
    Unknown,
    Verdict,
    select_at,
    select_like,
)
from rules_engine.plan.standing import NoPlace, Ranks
from rules_engine.plan.subject import Evidence, Owner, Subject
from rules_engine.policy.automaton import Answer
from rules_engine.policy.model import Rule
from rules_engine.policy.together import Together
from rules_engine.values.remembered import Remembered
from rules_engine.values.vocabulary import JobId

Selecting: TypeAlias = tuple[Rule, Matched | Unknown]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the rules say of a subject, without those that refuse its path, or refuse it for several reasons."""

    pairs: tuple[tuple[Rule, Verdict], ...]
    """Ordered by the name of the rule."""
    keep: tuple[Selecting, ...]
    removal: tuple[Selecting, ...]
    """Without rules that only report."""
    reports: tuple[Selecting, ...]
    """Removal rules that only report."""
    over: tuple[Rule, ...]
    """Keep rules that selected it until their `for` was over."""


def said_by(pairs: Iterable[tuple[Rule, Verdict]]) -> Said:
    """What these rules, ordered by name, say."""
    told = tuple((rule, verdict) for rule, verdict in pairs if not _is_dull(verdict))
    selecting = [(rule, verdict) for rule, verdict in told if not isinstance(verdict, NotMatched)]
    return Said(
        told,
        tuple((rule, verdict) for rule, verdict in selecting if not rule.is_removal),
        tuple((rule, verdict) for rule, verdict in selecting if rule.is_removal and not rule.report_only),
        tuple((rule, verdict) for rule, verdict in selecting if rule.report_only),
        tuple(rule for rule, verdict in told if isinstance(verdict, NotMatched) and not verdict.misses),
    )


def _is_dull(verdict: Verdict) -> bool:
    return isinstance(verdict, NotMatched) and (len(verdict.misses) > 1 or verdict.misses == (Miss.PATTERN,))


def still(rule: Rule, verdict: Verdict, subject: Subject, seen: Evidence) -> Verdict:
    """The verdict at this moment: a keep rule whose `for` is over does not select any more."""
    if rule.keep_for is None or isinstance(verdict, NotMatched):
        return verdict
    base = aged_from(rule.since, subject, seen.now)
    if isinstance(base, Unknown):
        return base
    # `for` is over: the rule no longer selects the file, and there is no condition that a user could mend.
    return verdict if seen.now < base + rule.keep_for else NotMatched(())


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is left to ask of subjects that look alike: nothing, or rules about the size or the age of a file."""

    known: tuple[tuple[int, Rule, Verdict], ...]
    open: tuple[tuple[int, Rule, Miss | None], ...]
    """With the condition that the path fails."""
    said: Said


class Verdicts:
    """Answers for one subject after another; remembers by what rules can tell apart."""

    def __init__(self, rules: tuple[Rule, ...], patterns: Together, *, remembered: int) -> None:
        self._rules = rules
        self._numbers = patterns.numbers
        self._anywhere = tuple(number for number, rule in enumerate(rules) if rule.files.match is None)
        self._by_list: dict[int, list[int]] = {}
        for number, rule in enumerate(rules):
            if rule.files.match is not None:
                self._by_list.setdefault(patterns.numbers[rule.files.match], []).append(number)
        self._parameters = tuple(sorted({name for rule in rules for name, _ in rule.jobs.parameters}))
        self._ranking = tuple(rule for rule in rules if rule.jobs.ranks)
        self._looks: Remembered[JobId, tuple[Owner, Ranks, Hashable]] = Remembered(remembered)
        self._asked: Remembered[Hashable, _Asked] = Remembered(remembered)
        self._said: Remembered[Hashable, Said] = Remembered(remembered)

    def of(self, subject: Subject, answer: Answer, seen: Evidence) -> Said:
        """What the rules say of `subject`; `answer` is what the automaton says of its path."""
        look = self.look_of(subject.owner, seen) if subject.owner is not None else None
        like = (answer.number, look, subject.file_type, subject.place, subject.deliverable)
        asked = self._asked.get(like)
        if asked is None:
            asked = self._asked[like] = self._ask(subject, answer, seen)
        if not asked.open:
            return asked.said
        verdicts = tuple(
            still(rule, select_at(rule, subject, missed, seen.ranks), subject, seen) for _, rule, missed in asked.open
        )
        return self._with(like, asked, verdicts)

    def _with(self, like: Hashable, asked: _Asked, verdicts: tuple[Verdict, ...]) -> Said:
        """What was said with the verdicts of the rules that were still open: the same object for the same."""
        key = (like, verdicts)
        found = self._said.get(key)
        if found is None:
            more = [(number, rule, verdict) for (number, rule, _), verdict in zip(asked.open, verdicts, strict=True)]
            every = sorted((*asked.known, *more), key=_number_of)
            found = self._said[key] = said_by((rule, verdict) for _, rule, verdict in every)
        return found

    def look_of(self, owner: Owner, seen: Evidence) -> Hashable:
        """What rules see of a job, but the times of its files."""
        job = owner.job
        remembered = self._looks.get(job.job_id)
        if remembered is not None and remembered[0] is owner and remembered[1] is seen.ranks:
            return remembered[2]
        values = tuple(job.parameters.get(name) for name in self._parameters)
        # A rule that cannot tell names the job.
        name = job.job_id if None in values else None
        standings = tuple(_standing(rule, owner, seen.ranks) for rule in self._ranking)
        look = (job.job_type, owner.status.counts_as, owner.layout is None, values, name, standings)
        self._looks[job.job_id] = (owner, seen.ranks, look)
        return look

    def _ask(self, subject: Subject, answer: Answer, seen: Evidence) -> _Asked:
        """Ask every rule that the path does not fail, and keep those with something to say."""
        known: list[tuple[int, Rule, Verdict]] = []
        still_open: list[tuple[int, Rule, Miss | None]] = []
        matching = (number for one in answer.selected for number in self._by_list.get(one, ()))
        for number in sorted((*self._anywhere, *matching)):
            rule = self._rules[number]
            exclude = rule.files.exclude
            missed = Miss.EXCEPT if exclude is not None and self._numbers[exclude] in answer.selected else None
            verdict = select_at(rule, subject, missed, seen.ranks)
            misses = [one for one in verdict.misses if one is not Miss.SIZE] if isinstance(verdict, NotMatched) else []
            if len(misses) > 1:
                continue
            if rule.keep_for is not None or _is_about_size(rule):
                still_open.append((number, rule, missed))
            else:
                known.append((number, rule, verdict))
        return _Asked(tuple(known), tuple(still_open), said_by((rule, verdict) for _, rule, verdict in known))


def _number_of(one: tuple[int, Rule, Verdict]) -> int:
    return one[0]


def _is_about_size(rule: Rule) -> bool:
    return rule.files.larger_than is not None or rule.files.smaller_than is not None


def _standing(rule: Rule, owner: Owner, ranks: Ranks) -> Hashable:
    """On which side of the line a rule sees a job; None where it does not even ask."""
    if not isinstance(select_like(rule.jobs, owner), Matched):
        return None
    standing = ranks.of(rule, owner.job.job_id)
    return standing.why if isinstance(standing, NoPlace) else standing.among
