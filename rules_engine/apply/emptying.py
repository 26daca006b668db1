"""Emptying the trash: what one run set aside is removed for good."""

from collections.abc import Iterable, Mapping

from rules_engine.apply.model import Outcome, StepResult
from rules_engine.apply.steps import GONE, changed, difference
from rules_engine.apply.trees import remove_tree
from rules_engine.filesystem.directory import Directory
from rules_engine.manifest.model import JobRecord
from rules_engine.plan.given import Pin
from rules_engine.plan.model import Entry
from rules_engine.plan.pinned import pin_text
from rules_engine.values.paths import RelPath, name_of, parent
from rules_engine.values.vocabulary import JobId


def empty(here: Directory, entry: Entry) -> StepResult:
    """Remove all that one run set aside, if it is still the trash that the plan saw; `here` is the trash of all runs.

    Killed in between, the next attempt removes the rest.

    Raises:
        OSError: of the first entry that cannot be removed.
    """
    found = here.stat(entry.name)
    if found is None:
        return GONE
    if differs := difference(entry, found):
        return changed(differs)
    return StepResult(Outcome.DONE, remove_tree(here, entry.name).bytes)


def pinned_in(trash: Directory, run_id: str, pins: Iterable[Pin], jobs: Mapping[JobId, JobRecord]) -> str:
    """Why the trash of a run stays: a pin on the old place of something in it; empty where there is none."""
    for pin in pins:
        if any(_holds(trash, run_id, path) for path in _places(pin, jobs)):
            return pin_text(pin)
    return ""


def _places(pin: Pin, jobs: Mapping[JobId, JobRecord]) -> tuple[RelPath, ...]:
    if pin.path is not None:
        return (pin.path,)
    job = jobs.get(pin.job) if pin.job is not None else None
    # Of an output that others share more may stay than the job had: nothing is lost by that.
    return () if job is None else (*job.places, job.output)


def _holds(trash: Directory, run_id: str, path: RelPath) -> bool:
    """Whether the trash of a run has something of `path`; what cannot be looked at counts."""
    try:
        above = parent(path)
        with trash.open(RelPath(f"{run_id}/{above}" if above else run_id)) as folder:
            return not path or folder.stat(name_of(path)) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
