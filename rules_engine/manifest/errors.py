"""What stops a caller of the store: jobs that run, are unknown, or are finished; paths that belong to others."""

from rules_engine.errors import ExitCode, RulesError, UntrustedStateError
from rules_engine.manifest.shelf import MANIFESTS
from rules_engine.values.text import escape


class JobError(RulesError):
    """A job is not in the state that was asked for."""

    exit_code = ExitCode.REFUSED

    def __init__(self, job_id: str, why: str, help_text: str) -> None:
        super().__init__(job_id, why, help_text)
        self.job_id = job_id
        self.why = why
        self.help_text = help_text

    def __str__(self) -> str:
        return f"job `{escape(self.job_id)}` {self.why}\n  help: {self.help_text}"


class JobRunningError(JobError):
    """A job that was to be started is running."""

    def __init__(self, job_id: str, why: str = "is running", help_text: str = "finish it first") -> None:
        super().__init__(job_id, why, help_text)


class UnknownJobError(JobError):
    """No manifest names the job."""

    def __init__(
        self, job_id: str, why: str = "is not known to this root", help_text: str = "`rules job list` shows the jobs"
    ) -> None:
        super().__init__(job_id, why, help_text)


class JobFinishedError(JobError):
    """The newest attempt of the job is finished; what it has is settled."""

    def __init__(self, job_id: str, why: str = "is finished", help_text: str = "start it again to add to it") -> None:
        super().__init__(job_id, why, help_text)


class ForeignPathError(RulesError):
    """A job declares what lies in the workspace of another, or in the state."""

    exit_code = ExitCode.REFUSED

    def __init__(self, job_id: str, path: str, why: str) -> None:
        super().__init__(job_id, path, why)
        self.job_id = job_id
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return (
            f"job `{escape(self.job_id)}` cannot declare `{escape(self.path)}`: it {self.why}\n"
            "  help: put the file into the job's own workspace or output"
        )


def damaged(job_id: str, why: str) -> UntrustedStateError:
    """The manifest of a job says less than it once did."""
    return UntrustedStateError(f".rules/{MANIFESTS}/{job_id}", f"is damaged: {why}", "run `rules manifest repair`")
