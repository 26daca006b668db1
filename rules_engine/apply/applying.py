"""Applying a plan: refuse what no longer applies, take the lock, carry it out."""

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

from rules_engine.apply.above import Above
from rules_engine.apply.amend import SealAmender
from rules_engine.apply.applied import record_applied, record_released
from rules_engine.apply.carrying import Carrying
from rules_engine.apply.checks import check_policies, check_refusals, check_root, check_state, check_time
from rules_engine.apply.closing import check_not_closed, close_others
from rules_engine.apply.confined import Caller, CallersClock, check_guards, run_confined
from rules_engine.apply.executor import Executor
from rules_engine.apply.group import Group
from rules_engine.apply.handover import Handover
from rules_engine.apply.in_use import InUse
from rules_engine.apply.model import Event, LeftBehind, RunResult, RunStarted, RunState, StateRetired
from rules_engine.apply.newest import check_clock, newest_event, newest_written, removes
from rules_engine.apply.outcomes import OutcomeLine
from rules_engine.apply.own import own_paths
from rules_engine.apply.permissions import Parents
from rules_engine.apply.pins import PinsOnDisk
from rules_engine.apply.recheck import REMOVALS, Present
from rules_engine.apply.report import from_report
from rules_engine.apply.restored import BACK, note_restored
from rules_engine.apply.retire import Retired, retire
from rules_engine.apply.retry import Retrier
from rules_engine.apply.runs import REPORT, RUNS, RunFolder, open_run, recording
from rules_engine.apply.source import own_copy
from rules_engine.apply.state import JobsOnDisk, Known
from rules_engine.apply.trash import Trash
from rules_engine.apply.units import Units, sweep
from rules_engine.apply.writers import SUPERUSER, Writers
from rules_engine.filesystem.guards import GuardState, look_at_guards
from rules_engine.filesystem.locks import lock_root
from rules_engine.filesystem.root import Root
from rules_engine.manifest.store import ManifestStore
from rules_engine.plan.model import Plan
from rules_engine.plan.releases import released_by
from rules_engine.policy.model import AskInUse, PolicySet
from rules_engine.values.clock import Clock
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import Instant
from rules_engine.values.vocabulary import JobId


def nobody(_event: Event) -> None:
    """Hear nothing."""


def apply_plan(
    plan: Plan | str,
    root: Root,
    *,
    policies: PolicySet | None,
    clock: Clock,
    listen: Callable[[Event], None] = nobody,
    lock_wait_s: float = 0,
    until: Instant | None = None,
    require_guards: bool = False,
) -> RunResult:
    """Carry out `plan`, or the plan file at that path, and nothing else; the same plan again finishes a run cut short.

    Without `policies` the plan's own are trusted: for a host that has none. At `until` the run stops cleanly.
    Where a signal handler of the caller raises meanwhile, the run ends after the step that is being done.

    It is carried out in a thread of its own, which the kernel lets change nothing outside the root where it can;
    `require_guards` refuses to do without that, or without another guard of the system. `listen` and the waits of
    `clock` run in the thread of the caller.

    Raises:
        PlanFileError: when the plan is not whole.
        StalePlanError: when it was made for another root, other policies, or another time, or a newer run closed it.
        RefusedError: when it exceeds a limit, the root was never initialised, its disk takes no record of the run,
            a guard is missing that is required, or the clock is behind what was written with it.
        LockedError: when another run holds the lock of the root.
        InterruptedRunError: when the user interrupted the run.
        UntrustedStateError: when the state below `.rules` cannot be read.
    """
    root_id = root.require_id()
    with own_copy(plan) as (reading, copy):
        check_root(reading.header, root_id)
        check_policies(reading.header, policies)
        check_time(reading.header, clock.now())
        check_refusals(reading.trailer)
        state = root.require_state()
        known = policies or PolicySet()
        own = own_paths(root, (*known.folders, *([plan] if isinstance(plan, str) else [])))

        def carry_out(caller: Caller, landlock: GuardState) -> RunResult:
            guards = (*look_at_guards(root.directory, state), landlock)
            if require_guards:
                check_guards(guards)
            copy.seek(0)
            with open_run(state, reading.trailer.run_id, copy) as folder:
                application = _Application(
                    root,
                    folder,
                    known,
                    own,
                    CallersClock(clock, caller),
                    lambda event: caller.call(lambda: listen(event)),
                    until,
                    caller.is_interrupted,
                    guards,
                )
                return application.carry_out(reading)

        with lock_root(state, wait_s=lock_wait_s, clock=clock):
            check_state(state)
            if removes(reading.trailer):
                check_clock(clock.now(), newest_written(state))
            return run_confined(root.directory, carry_out)


@dataclass(frozen=True, slots=True)
class _Application:
    """Everything that one carrying-out needs, under the lock of the root."""

    root: Root
    folder: RunFolder
    policies: PolicySet
    own: tuple[RelPath, ...]
    clock: Clock
    listen: Callable[[Event], None]
    until: Instant | None
    is_asked_to_stop: Callable[[], bool]
    guards: tuple[GuardState, ...]

    def carry_out(self, plan: Plan) -> RunResult:
        before = self._before()
        if before is not None and before.state is RunState.FINISHED:
            self._note_released(plan)
            return before
        recorded = self.folder.recorded()
        if before is None and not recorded and self.until is None:
            # Who has a deadline is about a few files only, and leaves closing to the next run that has none.
            self._close_others()
        with recording():
            record_applied(self.root.require_state(), self.policies, self.folder.run_id, self.clock.now())
            if any(plan.trailer.steps.get(action.value) for action in BACK):
                note_restored(self.root.require_state(), plan.batches, self.folder.run_id, self.clock.now())
        steps = sum(count.files for count in plan.trailer.steps.values())
        self.listen(RunStarted(self.folder.run_id, steps, resumed=bool(recorded)))
        self._sweep()
        jobs = self._jobs()
        with closing(Trash(self.root.require_state(), self.folder.run_id)) as trash:
            carrying = self._carrying(trash, recorded, jobs)
            if removes(plan.trailer):
                check_clock(self.clock.now(), newest_event(jobs.known.jobs))
            result = carrying.carry_out(plan.batches, recorded)
        if result.state is RunState.FINISHED:
            self._note_released(plan)
            removed = any(plan.trailer.steps.get(action.value) for action in REMOVALS)
            if removed and not self.is_asked_to_stop():
                self._retire(jobs)
        return result

    def _amender(self) -> SealAmender:
        return SealAmender(ManifestStore(self.root, self.clock))

    def _close_others(self) -> None:
        notes = close_others(self.root.require_state(), self.folder.run_id, self.clock, self._amender())
        if notes:
            self.listen(LeftBehind(notes))

    def _sweep(self) -> None:
        # Who has a deadline leaves it to the next run that has none: it may be the rest of a large tree.
        notes = sweep(self.root.require_state(), spare=self.folder.run_id) if self.until is None else ()
        if notes:
            self.listen(LeftBehind(notes))

    def _retire(self, jobs: JobsOnDisk) -> None:
        keep, run_id = self.policies.settings.state_keep, self.folder.run_id
        retired = retire(self.root, self.clock, jobs.known.jobs, keep=keep, spare=run_id, until=self.until)
        if retired != Retired():
            self.listen(StateRetired(retired.runs, retired.jobs, retired.notes))

    def _jobs(self) -> JobsOnDisk:
        store = ManifestStore(self.root, self.clock)
        return JobsOnDisk(self.root.require_state(), lambda: _known(store, self.policies))

    def _note_released(self, plan: Plan) -> None:
        released = released_by(plan.header)
        if released:
            with recording():
                record_released(self.root.require_state(), released, self.folder.run_id, self.clock.now())

    def _before(self) -> RunResult | None:
        """What an earlier attempt came to, where it could say so."""
        data = self.folder.read_report()
        if data is None:
            return None
        result = from_report(data, f".rules/{RUNS}/{self.folder.run_id}/{REPORT}")
        check_not_closed(result)
        return result

    def _carrying(self, trash: Trash, recorded: tuple[OutcomeLine, ...], jobs: JobsOnDisk) -> Carrying:
        root, clock = self.root.directory, self.clock
        state = self.root.require_state()
        # Whether this run may open directories or not: what a killed one left open is closed.
        parents = Parents(root, state)
        with recording():
            parents.close_left_open()
            handover = Handover(state, clock, run_id=self.folder.run_id, uid=os.geteuid())
        above = Above(root)
        present = Present(root, jobs, self.policies, self.own, clock, pins=PinsOnDisk(state), above=above)
        strict = self.policies.settings.in_use is AskInUse.STRICT
        in_use = InUse(root, clock, present.is_done, strict=strict, above=above)
        writers = Writers(jobs)
        retrier = Retrier(self.policies.settings.retry, clock)
        return Carrying(
            executor=Executor(
                root,
                retrier,
                trash=trash,
                units=Units(state, self.folder.run_id, self.policies.settings.keep_markers),
                guard=present,
                also=(writers, in_use) if os.geteuid() == SUPERUSER else (in_use,),
                parents=parents if self.policies.settings.open_parents else None,
            ),
            group=Group(root, self.folder, clock, commits=recorded[-1].commit if recorded else 0),
            folder=self.folder,
            amender=self._amender(),
            handover=handover,
            look_again=lambda amended: _look_again(present, (in_use, writers), amended),
            clock=clock,
            listen=self.listen,
            until=self.until,
            is_asked_to_stop=self.is_asked_to_stop,
            guards=self.guards,
        )


def _look_again(present: Present, also: Iterable[InUse | Writers], amended: frozenset[JobId]) -> None:
    present.look_again(amended)
    for guard in also:
        guard.look_again()


def _known(store: ManifestStore, policies: PolicySet) -> Known:
    loaded = store.load(policies.workspaces_of)
    return Known(loaded.jobs, loaded.damaged)
