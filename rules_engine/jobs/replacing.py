"""Setting aside what has the output name of a file that is being published: a run of one step, recorded like any."""

from contextlib import closing
from dataclasses import replace
from typing import Final

from rules_engine import __version__
from rules_engine.apply.executor import Executor
from rules_engine.apply.model import ActionCount, Noted, Outcome, RunResult, RunState, StepResult
from rules_engine.apply.outcomes import OutcomeLine, to_runs
from rules_engine.apply.report import to_report
from rules_engine.apply.retry import Retrier
from rules_engine.apply.runs import RunFolder, open_run
from rules_engine.apply.source import own_copy
from rules_engine.apply.trash import Trash
from rules_engine.inventory.model import FileFact
from rules_engine.jobs.discarding import entry_of
from rules_engine.jobs.planning import ranked
from rules_engine.jobs.running import Everybody, NotOursError, Running
from rules_engine.plan.decide import decide
from rules_engine.plan.given import Ask
from rules_engine.plan.limits import raised
from rules_engine.plan.model import (
    Batch,
    Because,
    Count,
    Header,
    Kept,
    Plan,
    StepAction,
    Trailer,
)
from rules_engine.plan.protect import protection
from rules_engine.plan.releases import Releases
from rules_engine.plan.shelter import no_shelters
from rules_engine.plan.subject import Evidence, Owner, gather_evidence
from rules_engine.policy.patterns import PATHSPEC_VERSION
from rules_engine.values.paths import RelPath, join
from rules_engine.values.vocabulary import JobStatus

REASON: Final = "replaced"
_NOT_ABOUT_IT: Final = frozenset(
    {
        Because.NO_RULE,
        Because.NEVER_DUE,
        Because.CLEANUP_OFF,
        Because.JOB_POLICY,
        Because.FILE_TYPE_NOT_CLEANED,
    }
)
"""Why automatic cleanup would leave a file: no reason to keep it from whoever publishes another."""


def set_aside(running: Running, file: FileFact) -> StepResult:
    """Put `file` into the trash for the running job, which holds its own lock; the lock of the root is not needed.

    Raises:
        NotOursError: when it is protected, a rule keeps it, or another job that owns it runs.
    """
    _check(running, file, running.everybody(file.directory))
    batch = Batch(file.directory, StepAction.TRASH, (entry_of(file),), owners=(running.record.job_id,), reason=REASON)
    with own_copy(_plan(running, batch, file)) as (plan, copy):
        state = running.root.require_state()
        run_id = plan.trailer.run_id
        copy.seek(0)
        with open_run(state, run_id, copy) as folder, closing(Trash(state, run_id)) as trash:
            retrier = Retrier(running.policies.settings.retry, running.clock)
            [result] = Executor(running.root.directory, retrier, trash=trash).carry_out(batch)
            _record(running, folder, batch, result)
    return result


def _check(running: Running, file: FileFact, everybody: Everybody) -> None:
    """Refuse what a rule or a protection keeps, as each owner sees it, and nobody's business is the end of this job."""
    job_id, others = running.record.job_id, everybody.others(file, running)
    views = tuple(everybody.seen.owners[one.job_id] for one in others)
    protected = protection(file, views, everybody.seen)
    if protected is not None:
        raise NotOursError(job_id, file.path, protected.text)
    seen = _as_if_ended(running, everybody)
    # As each owner sees it by itself: of several, one would hide what another says.
    for owner in (running.record, *others):
        decision = decide(file, (owner,), running.policies, seen)
        if isinstance(decision, Kept) and decision.because not in _NOT_ABOUT_IT:
            raise NotOursError(job_id, file.path, decision.text)
    earlier = Releases(running.policies, seen, Ask()).of(file, (running.record.job_id, *(one.job_id for one in others)))
    if earlier:
        why = f"keep rule `{earlier[0].rule.name}` of policies that were applied before still protects it"
        raise NotOursError(job_id, file.path, why)


def _as_if_ended(running: Running, everybody: Everybody) -> Evidence:
    """The evidence of a moment at which the running job has just completed: else nothing of it could be asked of."""
    now = everybody.seen.now
    guards, marked = everybody.seen.guards, everybody.seen.marked
    seen = gather_evidence(running.policies, everybody.jobs, guards, now=now, marked=marked)
    own = seen.owners[running.record.job_id]
    ended = {**seen.owners, running.record.job_id: Owner(own.job, JobStatus.COMPLETED, now, own.layout)}
    as_ended = replace(seen, owners=ended, shelters=no_shelters())
    return ranked(as_ended, running.policies, running.root, running.store)


def _plan(running: Running, batch: Batch, file: FileFact) -> Plan:
    count = Count(1, file.size or 0)
    header = Header(
        now=running.clock.now(),
        root_id=running.root.root_id,
        policies_digest=running.policies.digest,
        limits=raised(running.policies.settings.limits, Ask()),
        versions={"pathspec": PATHSPEC_VERSION, "rules_engine": __version__},
        ask={"publish": running.record.job_id},
    )
    return Plan(header, (batch,), Trailer(steps={batch.action.value: count}, looked_at=count))


def _record(running: Running, folder: RunFolder, batch: Batch, result: StepResult) -> None:
    running.root.directory.sync_filesystem()
    folder.append([OutcomeLine(1, 1, 0, 0, to_runs([result]))])
    now, path = running.clock.now(), join(batch.directory, batch.entries[0].name)
    noted = () if result.outcome in {Outcome.DONE, Outcome.GONE} else (_noted(path, batch, result),)
    count = ActionCount(batch.action, result.outcome, 1, result.size)
    folder.write_report(to_report(RunResult(folder.run_id, RunState.FINISHED, now, now, (count,), noted)))


def _noted(path: RelPath, batch: Batch, result: StepResult) -> Noted:
    return Noted(path, batch.action, result.outcome, result.errno, result.cause)
