"""One recorded run as text and as JSON: what it did by rule and directory, what it left and why, every step."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from rules_engine.apply.model import Outcome
from rules_engine.apply.outcomes import OutcomeRun
from rules_engine.jobs.runs import PastBatch, RecordedRun, RunDetails
from rules_engine.plan.model import Batch, Count, Entry, StepAction
from rules_engine.report.documents import Json, document, path_json
from rules_engine.report.run_text import guards_line
from rules_engine.report.runs_text import Outlook, run_json, state_of, story
from rules_engine.report.tables import align, joined
from rules_engine.report.words import FILE_STEPS, VERBS, moment, name
from rules_engine.values.paths import RelPath, join, sort_key
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape, plural
from rules_engine.values.vocabulary import EntryKind

NOT_REACHED: Final = "not reached"
_MOST: Final = 20
_DONE: Final = frozenset({Outcome.DONE, Outcome.GONE})
_Key: TypeAlias = tuple[tuple[str, ...], StepAction, str]
"""What a sum is of (rules, or one directory), the action and the outcome."""


@dataclass(slots=True)
class _Sums:
    """What the steps of a run add up to, gone through once."""

    rules: dict[_Key, Count] = field(default_factory=dict)
    directories: dict[_Key, Count] = field(default_factory=dict)
    left: list[tuple[PastBatch, int]] = field(default_factory=list)
    """The steps that were reached and not carried out."""

    @classmethod
    def of(cls, details: RunDetails) -> "_Sums":
        """The sums of all steps."""
        sums = cls()
        for past in details.batches():
            sums.add(past)
        return sums

    def add(self, past: PastBatch) -> None:
        """Add the steps of one batch."""
        batch = past.batch
        for place, (entry, found) in enumerate(zip(batch.entries, past.outcomes, strict=True)):
            word = _word(found)
            one = Count(1, entry.size if batch.action in FILE_STEPS else 0)
            self.rules.setdefault((batch.rules, batch.action, word), Count()).add(one)
            self.directories.setdefault(((batch.directory,), batch.action, word), Count()).add(one)
            if found is not None and found.outcome not in _DONE:
                self.left.append((past, place))

    def by_rule(self) -> list[tuple[_Key, Count]]:
        """The sums by rule, largest first."""
        return sorted(self.rules.items(), key=lambda one: (-one[1].bytes, -one[1].files, one[0]))

    def by_directory(self) -> list[tuple[_Key, Count]]:
        """The sums by directory, in the order of the tree."""
        return sorted(self.directories.items(), key=lambda one: (sort_key(RelPath(*one[0][0])), one[0][1:]))


def _word(found: OutcomeRun | None) -> str:
    return NOT_REACHED if found is None else found.outcome.value


def past_run_lines(
    run: RecordedRun, details: RunDetails | None, outlook: Outlook, *, verbose: bool = False
) -> Iterator[str]:
    """Everything about one run; `details` is None where its plan cannot be read."""
    planned = "" if run.planned is None else f", planned {moment(run.planned, outlook.now)}"
    yield f"run {run.run_id} {state_of(run)}, {moment(run.when, outlook.now)}{planned}"
    yield from story(run, outlook)
    yield from guards_line(run.result) if run.result is not None else ()
    if details is None:
        yield "its plan cannot be read, so nothing more is known"
        return
    sums, most = _Sums.of(details), None if verbose else _MOST
    yield from _table("By rule", sums.by_rule(), _by, most)
    yield from _table("By directory", sums.by_directory(), _in, most)
    yield from _left(sums, most)
    if verbose:
        yield ""
        yield "Steps"
        yield from (f"  {line}" for line in past_step_lines(details))


def _table(
    title: str, sums: list[tuple[_Key, Count]], said: Callable[[tuple[str, ...]], str], most: int | None
) -> Iterator[str]:
    rows = [
        (
            said(what),
            VERBS[action],
            plural(count.files, "step"),
            format_size(count.bytes) if count.bytes else "",
            outcome,
        )
        for (what, action, outcome), count in sums[:most]
    ]
    if rows:
        yield ""
        yield title
        yield from align(rows, right=(2, 3))
    if hidden := len(sums) - len(rows):
        yield f"  and {plural(hidden, 'more line')}; `--verbose` shows all"


def _by(rules: tuple[str, ...]) -> str:
    return joined(map(escape, rules)) or "no rule"


def _in(directory: tuple[str, ...]) -> str:
    return f"{name(*directory)}/"


def _left(sums: _Sums, most: int | None) -> Iterator[str]:
    if sums.left:
        yield ""
        yield f"Not carried out: {plural(len(sums.left), 'step')}"
    for past, place in sums.left[:most]:
        found = past.outcomes[place]
        cause = escape(found.cause) if found is not None else ""
        yield f"  {_word(found)}  {VERBS[past.batch.action]}  {_path(past.batch, past.batch.entries[place])}: {cause}"
    if most is not None and len(sums.left) > most:
        yield f"  and {plural(len(sums.left) - most, 'more', 'more')}; `--verbose` names all"


def _path(batch: Batch, entry: Entry) -> str:
    end = "/" if entry.kind is EntryKind.DIRECTORY else ""
    return f"{name(join(batch.directory, entry.name))}{end}"


def past_step_lines(details: RunDetails) -> Iterator[str]:
    """One line a step, in the order in which they were carried out, with what became of each."""
    width = max(len(word) for word in (NOT_REACHED, *Outcome))
    for past in details.batches():
        why = f"  by {joined(map(escape, past.batch.rules))}" if past.batch.rules else ""
        for entry, found in zip(past.batch.entries, past.outcomes, strict=True):
            size = format_size(entry.size) if past.batch.action in FILE_STEPS else ""
            cause = f": {escape(found.cause)}" if found is not None and found.cause else ""
            verb = VERBS[past.batch.action]
            yield f"{_word(found):{width}}  {verb:16}  {size:>10}  {_path(past.batch, entry)}{why}{cause}"


def past_by_rule_lines(details: RunDetails) -> Iterator[str]:
    """Sums for each set of deciding rules."""
    return _alone(_Sums.of(details).by_rule(), _by)


def past_by_directory_lines(details: RunDetails) -> Iterator[str]:
    """Sums for each directory."""
    return _alone(_Sums.of(details).by_directory(), _in)


def _alone(sums: list[tuple[_Key, Count]], said: Callable[[tuple[str, ...]], str]) -> Iterator[str]:
    lines = list(_table("", sums, said, None))[2:]
    yield from (line.removeprefix("  ") for line in lines) if lines else ("no steps",)


def past_run_document(run: RecordedRun, details: RunDetails | None, outlook: Outlook, *, verbose: bool = False) -> str:
    """The JSON document of kind `run`; with `verbose`, with every step."""
    sums = _Sums() if details is None else _Sums.of(details)
    more: dict[str, Json] = {
        "noted": [_step(past, place) for past, place in sums.left],
        "rules": [_sum({"rules": list(key[0])}, key, count) for key, count in sums.by_rule()],
        "directories": [_sum({"directory": path_json(*key[0])}, key, count) for key, count in sums.by_directory()],
    }
    if verbose and details is not None:
        more["steps"] = [_step(past, place) for past in details.batches() for place in range(len(past.outcomes))]
    return document("run", {**run_json(run, outlook), **more})


def _sum(said: Mapping[str, Json], key: _Key, count: Count) -> Mapping[str, Json]:
    return {**said, "action": key[1].value, "outcome": key[2], "steps": count.files, "bytes": count.bytes}


def _step(past: PastBatch, place: int) -> Mapping[str, Json]:
    batch, entry, found = past.batch, past.batch.entries[place], past.outcomes[place]
    return {
        "path": path_json(join(batch.directory, entry.name)),
        "action": batch.action.value,
        "outcome": None if found is None else found.outcome.value,
        "errno": 0 if found is None else found.errno,
        "cause": "" if found is None else found.cause,
        "rules": list(batch.rules),
        "bytes": entry.size,
    }
