"""The JSON document of a plan, written piece by piece so that its steps are never all in memory."""

from collections.abc import Iterable, Iterator
from typing import Final

from rules_engine.plan.model import (
    Batch,
    Count,
    Entry,
    Header,
    KeptSummary,
    PinSummary,
    Plan,
    PlanLimits,
    ReleaseSummary,
    RuleSummary,
    StepAction,
    Trailer,
    TrashSummary,
)
from rules_engine.report.documents import FORMAT_VERSION, Json, count_json, instant_json, path_json, to_text
from rules_engine.report.words import FILE_REMOVALS, total
from rules_engine.values.paths import join

_NOTHING: Final = Count()
_SIZED: Final = (*FILE_REMOVALS, StepAction.RESTORE, StepAction.EMPTY_TRASH)


def plan_document(plan: Plan, *, root: str | None) -> Iterator[str]:
    """The lines of the document: the header, one line a step, then what only the end of a plan knows."""
    yield "{" + _members(_head(plan.header, root)) + ","
    yield '"steps": ['
    yield from _separated(step_objects(plan.batches))
    yield "],"
    yield _members(_tail(plan.trailer)) + "}"


def _members(found: dict[str, Json]) -> str:
    return ",\n".join(f"{to_text(key)}: {to_text(value)}" for key, value in found.items())


def _separated(objects: Iterable[str]) -> Iterator[str]:
    waiting: str | None = None
    for text in objects:
        if waiting is not None:
            yield f"{waiting},"
        waiting = text
    if waiting is not None:
        yield waiting


def step_objects(batches: Iterable[Batch]) -> Iterator[str]:
    """Each step as the text of one JSON object."""
    for batch in batches:
        for entry in batch.entries:
            yield to_text(_step(batch, entry))


def _step(batch: Batch, entry: Entry) -> dict[str, Json]:
    step: dict[str, Json] = {
        "path": path_json(join(batch.directory, entry.name)),
        "action": batch.action.value,
        "rules": list(batch.rules),
        "reason": batch.reason,
        "bytes": entry.size if batch.action in _SIZED else 0,
        "kind": entry.kind.value,
        "owners": list(batch.owners),
        "deliverable": batch.deliverable,
        "released": list(batch.released),
        "due": instant_json(entry.due) if entry.due else None,
    }
    if batch.from_run:
        step["from_run"] = batch.from_run
    if entry.target:
        step["target"] = path_json(entry.target)
    return step


def _head(header: Header, root: str | None) -> dict[str, Json]:
    return {
        "format_version": FORMAT_VERSION,
        "kind": "plan",
        "root": None if root is None else path_json(root),
        "root_id": header.root_id,
        "now": instant_json(header.now),
        "policies_digest": header.policies_digest,
        "versions": dict(header.versions),
        "limits": _limits(header.limits),
        "ask": dict(header.ask),
    }


def _limits(limits: PlanLimits) -> Json:
    return {
        "files": limits.files,
        "bytes": limits.bytes,
        "untracked_share_percent": limits.untracked_share,
        "plan_age_ns": limits.plan_age,
    }


def _tail(trailer: Trailer) -> dict[str, Json]:
    return {
        "summary": _summary(trailer),
        "releases": [_release(one) for one in trailer.releases],
        "pins": [_pin(one) for one in trailer.pins],
        "trash": _trash(trailer.trash),
        "rules": [_rule(one) for one in trailer.rules],
        "kept": [_kept(one) for one in trailer.kept],
        "units_kept": [{"path": path_json(path), "why": why} for path, why in trailer.units_kept],
        "problems": [{"path": path_json(path), "why": why} for path, why in trailer.problems],
        "not_looked_at": [{"path": path_json(path), "why": why} for path, why in trailer.skipped],
        "refusals": list(trailer.refusals),
    }


def _summary(trailer: Trailer) -> Json:
    return {
        "run_id": trailer.run_id or None,
        "removed": count_json(total(trailer.steps)),
        "freed_at_once_bytes": trailer.steps.get("delete", _NOTHING).bytes,
        "steps": {action: count_json(count) for action, count in sorted(trailer.steps.items())},
        "deliverables": count_json(trailer.deliverables),
        "looked_at": count_json(trailer.looked_at),
        "untracked": count_json(trailer.untracked),
        "left_out": count_json(trailer.left_out),
        "due_by_day": [{"day": day, **count_json(count)} for day, count in trailer.due_by_day],
        "due_later": count_json(trailer.due_later),
    }


def _trash(trash: TrashSummary) -> Json:
    return {
        "emptied_before": None if trash.before is None else instant_json(trash.before),
        "stays": [{"run_id": run_id, "why": why} for run_id, why in trash.stays],
    }


def _release(release: ReleaseSummary) -> Json:
    return {
        "name": release.name,
        "place": path_json(release.place),
        "until_run": release.run_id or None,
        "allowed": release.allowed,
        **count_json(release.count),
    }


def _rule(rule: RuleSummary) -> Json:
    return {
        "name": rule.name,
        "action": rule.action.value,
        "place": rule.place or None,
        "report_only": rule.report_only,
        "decided": count_json(rule.decided),
        "waiting": count_json(rule.waiting),
        "next_due": None if rule.next_due is None else instant_json(rule.next_due),
        "held": count_json(rule.held),
        "near_misses": [{"condition": text, **count_json(count)} for text, count in sorted(rule.near_misses.items())],
        "directories": rule.directories,
    }


def _pin(pin: PinSummary) -> Json:
    return {
        "what": path_json(pin.what),
        "reason": pin.reason or None,
        "until": None if pin.until is None else instant_json(pin.until),
        **count_json(pin.kept),
    }


def _kept(kept: KeptSummary) -> Json:
    return {
        "because": kept.because.value,
        "text": kept.text,
        **count_json(kept.total),
        "largest": [{"path": path_json(path), "bytes": size} for size, path in kept.largest],
    }
