"""One carrying-out of a plan, from its first batch that is not settled to its report."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from rules_engine.apply.amend import SealAmender
from rules_engine.apply.breaker import Breaker, StopRun
from rules_engine.apply.executor import Executor, never
from rules_engine.apply.group import Group, Part
from rules_engine.apply.handover import Handover
from rules_engine.apply.model import (
    Committed,
    Event,
    InterruptedRunError,
    LeftBehind,
    Noted,
    Outcome,
    RunEnded,
    RunResult,
    RunState,
    StepNoted,
    StepResult,
    Tally,
)
from rules_engine.apply.outcomes import OutcomeLine, OutcomeRun
from rules_engine.apply.report import to_report
from rules_engine.apply.restored import REASON
from rules_engine.apply.runs import RunFolder
from rules_engine.errors import RulesError
from rules_engine.filesystem.guards import GuardState
from rules_engine.plan.model import Batch
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import Instant, format_instant
from rules_engine.values.vocabulary import JobId


class Carrying:
    """Carries the batches of one plan out, group by group, and reports only what is durable."""

    def __init__(
        self,
        *,
        executor: Executor,
        group: Group,
        folder: RunFolder,
        amender: SealAmender,
        handover: Handover,
        look_again: Callable[[frozenset[JobId]], None],
        clock: Clock,
        listen: Callable[[Event], None],
        until: Instant | None = None,
        is_asked_to_stop: Callable[[], bool] = never,
        guards: tuple[GuardState, ...] = (),
    ) -> None:
        self._executor = executor
        self._group = group
        self._folder = folder
        self._amender = amender
        self._handover = handover
        self._look_again = look_again
        self._clock = clock
        self._listen = listen
        self._until = until
        self._is_asked_to_stop = is_asked_to_stop
        self._guards = guards
        self._tally = Tally()
        self._settled = 0
        self._size = 0
        self._broken = ""

    def carry_out(self, batches: Iterable[Batch], recorded: tuple[OutcomeLine, ...]) -> RunResult:
        """The result of the run, once everything is carried out or the run had to stop.

        Raises:
            InterruptedRunError: when the user interrupted it; what was done is recorded.
            UntrustedStateError: when the state became unreadable meanwhile.
        """
        started = self._clock.now()
        try:
            why = self._go(batches, recorded)
            state = RunState.STOPPED if why else RunState.FINISHED
        except KeyboardInterrupt:
            self._last_commit()
            result = self._result(RunState.INTERRUPTED, started, "it was interrupted")
            raise InterruptedRunError(result) from None
        except RulesError as err:
            self._last_commit()
            self._result(RunState.STOPPED, started, str(err))
            raise
        return self._result(state, started, why)

    def _go(self, batches: Iterable[Batch], recorded: tuple[OutcomeLine, ...]) -> str:
        """Why the run stopped early; empty where it did not."""
        breaker = Breaker()
        try:
            self._announce(batches)
            for number, index, batch in self._unsettled(batches, recorded):
                self._stop_when_asked()
                at = index
                results = self._executor.carry_out(batch, index, at_once=self._group.at_once, stop=self._is_to_stop)
                for result in results:
                    self._group.add(number, batch, at, result)
                    at += result.steps
                    breaker.note(result)
                    if self._group.is_due:
                        self._commit()
                    if at < len(batch.entries):
                        self._stop_when_asked()
            self._commit(is_last=True)
        except StopRun as stop:
            return self._last_commit() or stop.why
        return ""

    def _announce(self, batches: Iterable[Batch]) -> None:
        """Tell the seals what is about to be put back."""
        # Before the first step: killed between a rename and its record, and undone by another plan, which finds the
        # file at its place, a run would leave a file of a job behind that no seal names.
        for batch in takewhile(lambda one: one.reason == REASON, batches):
            self._amender.add(batch, 0, [StepResult(Outcome.DONE, steps=len(batch.entries))])
        try:
            amended = self._amender.amend()
        except OSError as err:
            self._broken = f"the seals could not be written: {err.strerror or err}"
            raise StopRun(self._broken) from err
        if amended:
            self._look_again(amended)

    def _is_to_stop(self) -> bool:
        return self._is_asked_to_stop() or (self._until is not None and self._clock.now() >= self._until)

    def _stop_when_asked(self) -> None:
        # Asked only before a further step: a run that is through is finished, however late.
        if self._is_asked_to_stop():
            raise KeyboardInterrupt
        if self._until is not None and self._clock.now() >= self._until:
            raise StopRun(f"its time was over at {format_instant(self._until)}")

    def _unsettled(
        self, batches: Iterable[Batch], recorded: tuple[OutcomeLine, ...]
    ) -> Iterator[tuple[int, int, Batch]]:
        """Batches with the index of their first entry without an outcome; counts the outcomes that are recorded."""
        by_batch: dict[int, list[OutcomeLine]] = {}
        for line in recorded:
            by_batch.setdefault(line.batch, []).append(line)
        last = recorded[-1].commit if recorded else 0
        for number, batch in enumerate(batches):
            index = 0
            for line in by_batch.get(number, ()):
                # Interrupted while it was recorded, a group may have been recorded twice.
                if line.first != index:
                    continue
                self._count(batch, line.first, line.runs)
                # Killed after the record, before the seals and the handover: say it to them again.
                if line.commit == last:
                    self._tell(batch, line.first, line.runs)
                else:
                    self._amender.add_earlier(batch, line.first, line.runs)
                index = line.first + line.steps
            if index < len(batch.entries):
                yield number, index, batch

    def _commit(self, *, is_last: bool = False) -> None:
        if self._broken:
            raise StopRun(self._broken)
        try:
            # First what a killed attempt recorded last: once more is recorded, nobody tells it to the seals again.
            amended, handed_over = self._amender.amend(), self._handover.flush()
            for part in self._group.commit():
                self._settle(part)
            amended |= self._amender.amend_all() if is_last else self._amender.amend()
            handed_over = (*handed_over, *self._handover.flush())
        except OSError as err:
            # Never tried again: after a failed fsync the system may say yes and have lost the data.
            self._broken = f"the record of the run could not be written: {err.strerror or err}"
            raise StopRun(self._broken) from err
        self._look_again(amended)
        for notice in handed_over:
            self._listen(notice)
        self._listen(Committed(self._settled, self._size))

    def _last_commit(self) -> str:
        """Record what was done before a run ends early; why that failed, or empty."""
        try:
            self._commit(is_last=True)
        except StopRun as stop:
            return stop.why
        except RulesError as err:
            return str(err)
        return ""

    def _settle(self, part: Part) -> None:
        noted = self._count(part.batch, part.first, part.runs)
        self._tell(part.batch, part.first, part.runs)
        for one in noted:
            self._listen(StepNoted(one))

    def _tell(self, batch: Batch, first: int, runs: tuple[OutcomeRun, ...]) -> None:
        self._amender.add(batch, first, runs)
        self._handover.add(batch, first, runs)

    def _count(self, batch: Batch, first: int, runs: tuple[OutcomeRun, ...]) -> list[Noted]:
        self._settled += sum(run.steps for run in runs)
        self._size += sum(run.size for run in runs)
        return self._tally.note(batch, first, runs)

    def _result(self, state: RunState, started: Instant, why: str) -> RunResult:
        result = RunResult(
            run_id=self._folder.run_id,
            state=state,
            started=started,
            ended=self._clock.now(),
            counts=self._tally.ordered(),
            noted=tuple(self._tally.noted),
            stopped_because=why,
            guards=self._guards,
        )
        if self._amender.missed:
            self._listen(LeftBehind(self._amender.missed))
        result = self._reported(result)
        self._listen(RunEnded(result))
        return result

    def _reported(self, result: RunResult) -> RunResult:
        """The result with its report written; without one a run is not through, and the same plan again ends it."""
        try:
            self._folder.write_report(to_report(result))
        except OSError as err:
            # The disk that stopped a run may refuse its report too; the outcomes say the same.
            if result.state is not RunState.FINISHED:
                return result
            why = f"its report could not be written: {err.strerror or err}"
            return replace(result, state=RunState.STOPPED, stopped_because=why)
        return result
