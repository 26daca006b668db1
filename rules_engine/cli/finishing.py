"""The end of a job on the command line: sealed, its status link moved, what is due cleaned; what went wrong is said."""

import logging

from rules_engine.apply.model import Noted
from rules_engine.cli.terminal import complain, talk
from rules_engine.errors import ExitCode
from rules_engine.filesystem.clock import SystemClock
from rules_engine.filesystem.root import Root
from rules_engine.jobs.finishing import finish_and_clean
from rules_engine.jobs.models import CleanupResult
from rules_engine.policy.model import PolicySet
from rules_engine.report.words import VERBS, name
from rules_engine.values.quantities import format_size
from rules_engine.values.text import escape, plural


def finish_job(root: Root, policies: PolicySet, job_id: str, *, success: bool, quiet: bool) -> ExitCode:
    """Finish a job; a cleanup that could not be done is said and fails nothing.

    Raises:
        UnknownJobError: when the job was never started.
        JobFinishedError: when it is finished already.
        UntrustedStateError: when its manifest is damaged.
    """
    problems: list[Noted] = []
    # What went wrong is in the result; the log is for pipelines.
    logger = logging.getLogger("rules_engine.cli")
    logger.disabled = True
    _, result = finish_and_clean(
        root, policies, SystemClock(), job_id, success=success, logger=logger, listen=problems.append
    )
    _tell(result, quiet=quiet)
    return told(problems)


def told(problems: list[Noted]) -> ExitCode:
    """Say what a layout asked for and could not be done."""
    for one in problems:
        complain(f"could not {VERBS[one.action]} `{name(one.path)}`: {one.cause or one.outcome.value}")
    return ExitCode.SOME_FAILED if problems else ExitCode.DONE


def _tell(result: CleanupResult, *, quiet: bool) -> None:
    for path, cause in result.failed.items():
        complain(f"could not clean `{escape(str(path))}`: {cause}")
    if quiet:
        return
    for why in result.deferred:
        talk(f"cleanup put off: {escape(why)}")
    if result.removed:
        talk(f"cleaned {plural(len(result.removed), 'entry', 'entries')}, freed {format_size(result.bytes_freed)}")
