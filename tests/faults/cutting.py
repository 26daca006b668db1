"""What test_power_cut.py runs on a filesystem of its own: the scenes of killing.py, and what a power cut must not undo.

Runs in the server of shim.py.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import killing
from killing import finish, make, settled

from rules_engine.apply.model import Committed, Event, Outcome
from rules_engine.cli.progress import Progress
from rules_engine.filesystem.root import Root
from rules_engine.jobs.runs import RunDetails, open_run_details, recorded_runs
from rules_engine.plan.model import StepAction
from rules_engine.values.paths import join

__all__ = ["act", "finish", "make", "settled", "undone"]

_TAKING: Final = frozenset({StepAction.DELETE, StepAction.TRASH, StepAction.REMOVE_DIRECTORY, StepAction.REMOVE_LINK})
_GONE: Final = frozenset({Outcome.DONE, Outcome.GONE})


def act(name: str, top: str, told: str) -> None:
    """Run the command of the scene, and keep elsewhere, in the file `told`, how many steps it said are settled."""
    hear = Progress.hear

    def note(self: Progress, event: Event) -> None:
        if isinstance(event, Committed):
            # pwrite is not among the calls that the shim counts: it is no part of what is cut.
            fd = os.open(told, os.O_WRONLY)
            os.pwrite(fd, f"{event.settled:9}".encode(), 0)
            os.close(fd)
        hear(self, event)

    Progress.hear = note  # type: ignore[method-assign]
    killing.act(name, top)


def undone(name: str, top: str, told: str) -> list[str]:
    """What a listener heard, or the record says, and is not so."""
    del name
    place = Path(top)
    known = set(json.loads((place / "ids.json").read_text()).values())
    found: list[str] = []
    settled_steps = 0
    with Root.open(str(place / "media")) as root:
        for run in recorded_runs(root):
            # Cut before its plan was durable, a run has done nothing.
            if run.run_id not in known and run.planned is not None:
                with open_run_details(root, run.run_id) as details:
                    outcomes = [*_outcomes(details)]
                settled_steps += len(outcomes)
                found += [f"{one} came back" for one in outcomes if one and (place / "media" / one).exists()]
    said = int(Path(told).read_text() or 0)
    if said > settled_steps:
        found.append(f"{said} steps were said to be settled, and {settled_steps} are recorded")
    return found


def _outcomes(details: RunDetails) -> Iterator[str]:
    """For each step with an outcome the path that must be gone; empty where nothing must."""
    for past in details.batches():
        for entry, outcome in zip(past.batch.entries, past.outcomes, strict=True):
            if outcome is not None:
                taken = past.batch.action in _TAKING and outcome.outcome in _GONE
                yield join(past.batch.directory, entry.name) if taken else ""
