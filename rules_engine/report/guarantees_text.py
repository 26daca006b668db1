"""Guarantees as text and as JSON: whether each holds, and the file that breaks it."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from rules_engine.analysis.guarantees import Answer, Broken, NotKnown, Proved
from rules_engine.analysis.held import describe, rules_of
from rules_engine.policy.model import PolicySet
from rules_engine.report.documents import Json, document, path_json
from rules_engine.values.quantities import format_duration
from rules_engine.values.text import escape, plural


def never_removes_lines(answers: Sequence[Answer], policies: PolicySet) -> Iterator[str]:
    """For each pattern that was asked about whether something in it can be removed, and by what."""
    for answer in answers:
        name = escape(answer.guarantee.name)
        match answer:
            case Proved():
                yield f"proved: no rule removes anything in `{name}`"
            case Broken():
                yield f"`{name}` is not safe: {describe(answer)}"
                for place, text in rules_of(answer, policies):
                    yield f"  {escape(str(place))}: {text}" if place is not None else f"  {text}"
            case NotKnown(states=states):
                yield f"unknown: {plural(states, 'state')} were not enough to tell what can be removed in `{name}`"
                yield "  help: give more with `--budget`, or write simpler patterns"
            case _:
                assert_never(answer)


def never_removes_document(answers: Sequence[Answer]) -> str:
    """The JSON document of kind `never_removes`: each pattern that was asked about is a `name`."""
    return document("never_removes", {"answers": [guarantee_json(one) for one in answers]})


def guarantee_json(answer: Answer) -> Json:
    """One guarantee, or pattern that was asked about; `witness` is null unless something breaks it."""
    return {
        "name": answer.guarantee.name,
        "answer": _word(answer),
        "kinds": answer.kinds if isinstance(answer, Proved) else None,
        "states": answer.states if isinstance(answer, NotKnown) else None,
        "witness": _witness(answer) if isinstance(answer, Broken) else None,
    }


def _word(answer: Answer) -> str:
    match answer:
        case Proved():
            return "proved"
        case Broken():
            return "broken"
        case NotKnown():
            return "unknown"
        case _:
            assert_never(answer)


def _witness(broken: Broken) -> Json:
    situation, removal = broken.situation, broken.taken.removal
    job = situation.job
    return {
        "path": path_json(situation.path),
        "bytes": situation.file.size,
        "job_type": job.job_type if job is not None else None,
        "status": job.status.value if job is not None else None,
        "file_type": situation.file_type,
        "in": situation.place.value if situation.place is not None else None,
        "age": format_duration(broken.taken.age),
        "action": removal.action.value,
        "rules": list(removal.rules),
        "with_its_directory": broken.whole,
        "sentence": describe(broken),
    }
