"""After a run, the seals of many jobs are brought up to date together: made durable at once, then renamed."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeAlias

from rules_engine.filesystem.directory import Directory, Status
from rules_engine.filesystem.files import sync_files
from rules_engine.filesystem.root import find_area
from rules_engine.manifest.amend import Changes, amended
from rules_engine.manifest.hosts import known_hosts
from rules_engine.manifest.seal import SealError, encode_seal
from rules_engine.manifest.shelf import MANIFESTS, SEAL_SUFFIX, SEALED, find_logs, is_current, lengths_in, seal_in
from rules_engine.values.vocabulary import JobId

Missed: TypeAlias = dict[JobId, str]
"""Of each seal that could not be brought up to date, why."""


def amend_seals(state: Directory, changes: Mapping[JobId, Changes]) -> Missed:
    """Take what a run did into the seals of jobs; a job without a current seal has none: plans look at its files.

    Of a seal that cannot be read now it says why: a plan that can read it again takes what went for still there.

    INVARIANT: a seal has its name only once its content is durable, so a power cut leaves each old or new and whole.

    Raises:
        OSError: when one cannot be written; then each is the earlier one or the new one.
    """
    area = find_area(state, SEALED)
    if area is None:
        return {}
    missed: Missed = {}
    with area, _asides(area) as asides, _Lengths(state) as lengths:
        for job_id in sorted(changes):
            name = f"{job_id}{SEAL_SUFFIX}"
            before = area.stat(name)
            if before is None:
                continue
            try:
                seal = seal_in(area, job_id)
            except SealError as err:
                missed[job_id] = f"the seal of job `{job_id}` {err}; its manifest was read instead"
                continue
            if not is_current(seal, lengths.of(job_id)):
                continue
            data = encode_seal(seal.record, seal.logs, amended(seal, changes[job_id]))
            if seal.record.packed:
                # It alone tells what the job has: on a system that hides that a write failed, its logs could not help.
                area.write_file(name, data)
            else:
                asides[job_id] = (area.write_aside(name, data, durable=False), before)
        _rename(area, asides, missed)
    return missed


_Asides: TypeAlias = dict[JobId, tuple[str, Status]]
"""Of each seal that was written aside: its name there, and what stood under its own name when that was read."""


@contextmanager
def _asides(area: Directory) -> Iterator[_Asides]:
    """Seals that are written aside; those that were not renamed go at the end."""
    asides: _Asides = {}
    try:
        yield asides
    finally:
        for aside, _ in asides.values():
            with suppress(OSError):
                area.unlink(aside)


def _rename(area: Directory, asides: _Asides, missed: Missed) -> None:
    if not asides:
        return
    sync_files(area, (aside for aside, _ in asides.values()))
    for job_id, (aside, before) in list(asides.items()):
        name = f"{job_id}{SEAL_SUFFIX}"
        if area.stat(name) != before:
            # Sealed again since it was read: what it said then must not come back.
            missed[job_id] = f"the seal of job `{job_id}` was written anew at that moment"
            continue
        area.replace(aside, area, name)
        del asides[job_id]
    area.sync()


class _Lengths(ExitStack):
    """The lengths of the logs of jobs, through one handle on all manifests."""

    def __init__(self, state: Directory) -> None:
        super().__init__()
        self._state = state
        self._hosts = known_hosts(state)
        self._area = find_area(state, MANIFESTS)
        if self._area is not None:
            self.enter_context(self._area)

    def of(self, job_id: JobId) -> Mapping[str, int]:
        """Host → length; where that cannot be told, the number of the error, negative."""
        if self._hosts is None:
            return find_logs(self._state, job_id)
        return lengths_in(self._area, job_id, self._hosts) if self._area is not None else {}
