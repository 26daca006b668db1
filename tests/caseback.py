"""What a planner case says of the way back: what was put back from the trash, and what the trash still holds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rules_engine.plan.given import TrashedRun
from rules_engine.plan.model import Plan, StepAction
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant, parse_size

_TRASH_KEYS: Final = {"run", "since", "bytes", "files", "held"}


def read_restored(raw: Mapping[str, str], moment: Callable[[object], Instant | None]) -> Mapping[RelPath, Instant]:
    """When each path of `restored` was put back."""
    found = {RelPath(path): moment(at) for path, at in raw.items()}
    return {path: at for path, at in found.items() if at is not None}


def read_trash(raw: Sequence[Mapping[str, Any]], moment: Callable[[object], Instant | None]) -> tuple[TrashedRun, ...]:
    """What `trash` says of each run that set something aside."""
    for one in raw:
        assert set(one) <= _TRASH_KEYS, f"unknown keys of `trash`: {sorted(set(one) - _TRASH_KEYS)}"
    return tuple(
        TrashedRun(
            f"{one['run']:0>16}",
            moment(one["since"]),
            inode=500 + number,
            files=one.get("files", 1),
            bytes=parse_size(one.get("bytes", "1MiB")),
            held=one.get("held", ""),
        )
        for number, one in enumerate(raw)
    )


def trash_answer(plan: Plan) -> dict[str, Any]:
    """The runs whose trash the plan empties, and those whose trash stays whatever its age."""
    empties = [
        entry.name.lstrip("0")
        for batch in plan.batches
        for entry in batch.entries
        if batch.action is StepAction.EMPTY_TRASH
    ]
    stays = {run.lstrip("0"): why for run, why in plan.trailer.trash.stays}
    return {"empties": empties, **({"stays": stays} if stays else {})}
