"""State that retires: after `state.keep` folders of runs and logs of jobs that ended; soon what killed writers left.

The policy sets that were applied never retire: what they kept stays protected.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from rules_engine.apply.closing import OVER
from rules_engine.apply.report import from_report
from rules_engine.apply.runs import REPORT, RUNS
from rules_engine.apply.trash import FOLDER as TRASH
from rules_engine.errors import LockedError, RulesError, UntrustedStateError
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.files import sweep_asides
from rules_engine.filesystem.machine import this_machine
from rules_engine.filesystem.root import Root, find_area
from rules_engine.manifest.model import JobRecord
from rules_engine.manifest.packing import pack
from rules_engine.manifest.shelf import SEALED, list_shelf
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, SECOND, Duration, Instant
from rules_engine.values.vocabulary import JobId

LONGEST: Final = Duration(5 * SECOND)
"""How long retiring may hold up the end of a run; the next run goes on with the rest."""
_DEAD: Final = Duration(DAY)
"""No writer takes so long from what it writes aside to its new name."""
GOING: Final = "."
"""Before the name of a run folder that is being removed: nobody takes what is left of it for a run."""
_LARGEST_REPORT: Final = 2**30


@dataclass(frozen=True, slots=True)
class Retired:
    """What went, and what could not."""

    runs: int = 0
    """Folders of runs."""
    jobs: int = 0
    """Jobs whose seal stands alone from now on."""
    notes: tuple[str, ...] = ()
    """One line for each thing that could not retire now; nothing depends on it."""


def retire(
    root: Root,
    clock: Clock,
    jobs: Sequence[JobRecord],
    *,
    keep: Duration,
    spare: str,
    until: Instant | None = None,
) -> Retired:
    """Retire what ended more than `keep` ago, but for the run `spare`; the caller holds the lock of the root.

    It never raises for what the disk or the state says, and stops at `until` at the latest.
    """
    now = clock.now()
    last = Instant(min(now + LONGEST, now + LONGEST if until is None else until))
    course = _Course(root, clock, Instant(now - keep), last)
    course.guarded("the folders of old runs", partial(course.retire_runs, spare))
    course.guarded("the manifests of old jobs", partial(course.pack_jobs, jobs))
    course.guarded(f"what is left of seals in `.rules/{SEALED}`", partial(course.sweep_seals, Instant(now - _DEAD)))
    return Retired(course.runs, course.jobs, tuple(course.notes))


class _Course:
    """One retiring on its way."""

    def __init__(self, root: Root, clock: Clock, ended_before: Instant, last: Instant) -> None:
        self._root = root
        self._clock = clock
        self._ended_before = ended_before
        self._last = last
        self.runs = 0
        self.jobs = 0
        self.notes: list[str] = []

    def guarded(self, what: str, act: Callable[[], None]) -> None:
        """Do one thing; why it cannot be done is a note, for the run that ended must not fail by it."""
        try:
            act()
        except OSError as err:
            self.notes.append(f"{what} cannot retire: {err.strerror or err}")
        except RulesError as err:
            self.notes.append(f"{what} cannot retire: {str(err).partition(chr(10))[0]}")

    def retire_runs(self, spare: str) -> None:
        """Remove the folders of runs that ended long ago and have nothing in the trash, oldest first."""
        state = self._root.require_state()
        runs = find_area(state, RUNS)
        if runs is None:
            return
        with runs:
            for name in runs.names():
                if name.startswith(GOING) and self._has_time():
                    self.guarded(f"what is left of run {name[1:]}", partial(_remove, runs, name))
            others = [name for name in runs.names() if name != spare and not name.startswith(GOING)]
            ended = sorted(self._ended(runs, others))
            # Asked last: a run that ended meanwhile had set aside what it did before its report was there.
            trash = _names(state, TRASH)
            for _, run_id in ended:
                if run_id not in trash and self._has_time():
                    self.guarded(f"run {run_id}", partial(self._retire_run, runs, run_id))

    def _retire_run(self, runs: Directory, run_id: str) -> None:
        going = f"{GOING}{run_id}"
        # At once: half a folder would look like a run that was cut short.
        runs.replace(run_id, runs, going)
        _remove(runs, going)
        self.runs += 1

    def _ended(self, runs: Directory, names: Sequence[str]) -> Iterator[tuple[Instant, str]]:
        """When those runs ended that finished long enough ago; what has no whole report never retires."""
        for name in names:
            if not self._has_time():
                return
            with suppress(OSError, UntrustedStateError), runs.open(RelPath(name)) as here:
                result = from_report(here.read_file(REPORT, limit=_LARGEST_REPORT), REPORT)
                if result.state in OVER and result.ended <= self._ended_before:
                    yield result.ended, name

    def pack_jobs(self, jobs: Sequence[JobRecord]) -> None:
        """Let the seals of jobs that ended long ago stand alone, the oldest first."""
        old = [(job.ended, job.job_id) for job in jobs if job.sealed and job.ended is not None]
        ripe = sorted(one for one in old if one[0] <= self._ended_before)
        if not ripe:
            return
        listing = list_shelf(self._root.require_state())
        for _, job_id in ripe:
            logs = listing.logs.get(job_id, {})
            if logs and self._has_time():
                self.guarded(f"the manifest of job `{job_id}`", partial(self._pack, job_id, logs))

    def sweep_seals(self, written_before: Instant) -> None:
        """Remove seals that were written aside by whoever was killed before it renamed them: a run, thousands."""
        sealed = find_area(self._root.require_state(), SEALED)
        if sealed is not None:
            with sealed:
                sweep_asides(sealed, written_before)

    def _pack(self, job_id: JobId, logs: Mapping[str, int]) -> None:
        # Whoever holds the lock works on the job: it is not old any more.
        with suppress(LockedError):
            self.jobs += pack(self._root, this_machine(), self._clock, job_id, logs, ended_before=self._ended_before)

    def _has_time(self) -> bool:
        return self._clock.now() < self._last


def _names(state: Directory, area: str) -> frozenset[str]:
    found = find_area(state, area)
    if found is None:
        return frozenset()
    with found:
        return frozenset(found.names())


def _remove(runs: Directory, name: str) -> None:
    """Remove the folder of a run with the files in it."""
    with runs.open(RelPath(name)) as here:
        for file in here.names():
            here.unlink(file)
    runs.remove_directory(name)
