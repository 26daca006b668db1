"""The JSON document of a change of policies."""

from rules_engine.analysis.compare import Comparison, Difference
from rules_engine.analysis.outcomes import Outcome
from rules_engine.jobs.comparing import Example, Group, TreeComparison
from rules_engine.jobs.reviewing import Review
from rules_engine.policy.changes import Change
from rules_engine.policy.model import Action
from rules_engine.report.diff_words import difference_line, last_time
from rules_engine.report.documents import Json, count_json, document, instant_json, path_json
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import RuleName


def diff_document(found: Review) -> str:
    """The whole document."""
    return document(
        "diff",
        {
            "old": path_json(found.old),
            "new": path_json(found.new),
            "removes_more": found.removes_more,
            "changes": [_change(one) for one in found.changes],
            "kinds": _kinds(found.kinds),
            "tree": None if found.tree is None else _tree(found.tree),
        },
    )


def _change(change: Change) -> Json:
    return {
        "part": change.part.value,
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "place": path_json(change.place) if change.place else None,
    }


def _kinds(kinds: Comparison) -> Json:
    return {
        "asked": kinds.kinds,
        "differences": [_difference(one) for one in kinds.differences],
        "markers": [path_json(one) for one in kinds.markers],
        "unknown": kinds.unknown or None,
    }


def _difference(found: Difference) -> Json:
    return {
        "effect": found.effect.value,
        "text": difference_line(found),
        "patterns": [[list(some) for some in one] for one in found.kind.patterns],
        "before": _outcome(found.before),
        "after": _outcome(found.after),
        "kinds": found.kinds,
        "witness": {
            "path": path_json(found.path),
            "job_type": None if found.witness.job is None else found.witness.job.job_type,
            "status": None if found.witness.status is None else found.witness.status.value,
            "file_type": found.witness.file_type,
            "bytes": found.witness.file.size,
            "age_counts_from": last_time(found.witness) or None,
        },
    }


def _outcome(outcome: Outcome) -> Json:
    ending = outcome.ending
    return {
        "action": "keep" if ending is None else ending.action.value,
        "age_ns": None if ending is None else ending.since,
        "rules": list(outcome.rules),
        "why": outcome.why or None,
        "kept_until_then_by": list(outcome.held_by),
        "with_its_directory": outcome.whole,
        "directory_held_back": outcome.held_back,
    }


def _tree(tree: TreeComparison) -> Json:
    return {
        "root": path_json(tree.root),
        "now": instant_json(tree.now),
        "looked_at": count_json(tree.looked_at),
        "groups": [_group(one) for one in tree.groups],
        "problems": [{"path": path_json(path), "why": why} for path, why in tree.unread],
    }


def _group(group: Group) -> Json:
    return {
        "effect": group.effect.value,
        "before": _ending(group.before),
        "after": _ending(group.after),
        **count_json(group.total),
        "due": count_json(group.due),
        "examples": [_example(one) for one in group.examples],
    }


def _ending(ending: tuple[Action, tuple[RuleName, ...]] | None) -> Json:
    return None if ending is None else {"action": ending[0].value, "rules": list(ending[1])}


def _example(example: Example) -> Json:
    return {
        "path": path_json(example.path),
        "bytes": example.size,
        "before": _since(example.before),
        "after": _since(example.after),
    }


def _since(instant: Instant | None) -> Json:
    return None if instant is None else instant_json(instant)
