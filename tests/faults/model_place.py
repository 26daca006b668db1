"""The real thing under the model of test_model.py: a root, jobs, and runs that are killed at a call; no test itself."""

import json
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rules_engine.apply.applying import apply_plan
from rules_engine.apply.model import RunResult, RunState
from rules_engine.apply.report import from_report
from rules_engine.filesystem.directory import Directory
from rules_engine.filesystem.logfile import LogFile
from rules_engine.filesystem.root import Root
from rules_engine.jobs.manager import JobManager
from rules_engine.jobs.planning import survey
from rules_engine.jobs.restoring import restoring
from rules_engine.jobs.runs import find_run
from rules_engine.jobs.trash import emptying_plan, trashed_runs
from rules_engine.plan.given import Ask
from rules_engine.plan.model import Plan
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import HOUR, Instant, parse_instant
from rules_engine.values.vocabulary import JobId, RuleName

SCRATCH: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the directory below is private
LAYOUT: Final = {
    "version": 1,
    "kind": "layout",
    "job_type": "clip",
    "workspace": "scratch/{job_id}",
    "output": "out/{job_id}",
    "status": "jobs/{status}/{job_id}",
    "directories": {
        "temp": {"in": "workspace"},
        "slides": {"in": "workspace", "holds": ["slide"]},
        "videos": {"in": "output", "holds": ["video"]},
    },
}
SETTINGS: Final = {
    "version": 1,
    "kind": "settings",
    "cleanup": {"retention": "1000000h", "preserve_on_failure": "0s", "at_finish": "nothing"},
    "limits": {"untracked_share": "100%"},
    "trash": {"empty": "manually"},
}
KEEP_RULES: Final = ("gold", "newest")
KILLS: Final = {
    Directory: (
        *("unlink", "remove_directory", "make_directory", "make_link", "rename_new", "replace"),
        *("create_file", "write_file", "append_to", "sync", "sync_filesystem"),
    ),
    LogFile: ("append", "cut"),
}
"""The calls at which a run is killed."""


class ModelClock:
    """A clock that only the model moves; ahead of the machine's, because nobody can set a file's ctime."""

    def __init__(self) -> None:
        self.instant = parse_instant("2100-01-01")

    def now(self) -> Instant:
        """The instant."""
        return Instant(self.instant)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.instant = Instant(self.instant + int(seconds * 1e9))

    def move_hours(self, hours: int) -> None:
        """Let hours pass."""
        self.instant = Instant(self.instant + hours * HOUR)


@dataclass
class Place:
    """One scratch root and what works on it."""

    scratch: Path
    jobs: JobManager
    clock: ModelClock
    plan: Plan | None = None
    """The plan that was made last."""
    rules: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def top(self) -> Path:
        """The root."""
        return self.scratch / "media"

    @property
    def policies(self) -> PolicySet:
        """The policies as they are now."""
        return self.jobs.configuration.policies()

    def set_rules(self, rules: list[Mapping[str, Any]]) -> None:
        """Write other rules, and let the components take them up."""
        self.rules = rules
        write_policies(self.scratch, rules)
        self.jobs.configuration.reload()

    def write(self, name: str, content: str) -> None:
        """A file with that content, or a link to it, written now."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if content.startswith("link:"):
            path.symlink_to(content)
        else:
            path.write_text(content)
        os.utime(path, ns=(self.clock.instant, self.clock.instant), follow_symlinks=False)

    def die(self, job_id: str) -> None:
        """Take away the lock that its process held, as the kernel does when it is killed."""
        self.jobs._held.pop(JobId(job_id)).lock.close()

    def contents(self) -> dict[str, list[str]]:
        """Where each content lies, at its place or below `.rules/trash` and `.rules/removing`; paths from the root."""
        found: dict[str, list[str]] = {}
        for path in _files(self.top):
            name = str(path.relative_to(self.top))
            if name.startswith(".rules/") and name.split("/")[1] not in {"trash", "removing"}:
                continue
            held = os.readlink(path) if path.is_symlink() else path.read_text()
            if held.startswith(("out/", "../")):
                continue
            found.setdefault(held, []).append(name)
        return found

    def everything(self) -> dict[str, tuple[int, int]]:
        """Every path, state and all, with its inode and the time of its last change."""
        return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in self.top.rglob("*")}

    def killed_at(self, number: int, act: Callable[[], object]) -> bool:
        """Do something in a process of its own that is killed at its `number`th call, or after it; whether it was."""
        with warnings.catch_warnings():
            # Where a test runs beside threads of its runner, Python warns of a fork; the child needs none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            code = 3
            with suppress(BaseException):
                _kill_at(number)
                act()
                code = 0
            os._exit(code)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return True
        assert os.waitstatus_to_exitcode(status) in {0, 3}, status
        return False

    def state_of(self, run_id: str) -> RunState | None:
        """What the report of a run says of it: one that was killed behind its report is through all the same."""
        report = self.top / ".rules/runs" / run_id / "report.json"
        return from_report(report.read_bytes(), report.name).state if report.exists() else None

    # What plans.

    def make_plan(self) -> None:
        """Plan everything."""
        with Root.open(str(self.top)) as root:
            self.plan = survey(self.policies, root, self.clock).plan(self.clock.now()).collected()
            if self.plan.trailer.refusals:
                # Of keep rules that are there no more, their files are released.
                ask = Ask(release=frozenset(map(RuleName, KEEP_RULES)))
                self.plan = survey(self.policies, root, self.clock).plan(self.clock.now(), ask).collected()

    def make_restore(self, run_id: str) -> None:
        """Plan to put back what a run set aside."""
        with Root.open(str(self.top)) as root, restoring(root, self.clock, find_run(root, run_id)) as way:
            self.plan = way.plan.collected()

    def make_emptying(self) -> None:
        """Plan to empty the trash."""
        with Root.open(str(self.top)) as root:
            runs = trashed_runs(root)
            self.plan = emptying_plan(root, runs, self.policies, self.clock.now(), said="all", before=None)

    def apply(self, plan: Plan | str) -> RunResult:
        """Carry a plan out."""
        with Root.open(str(self.top)) as root:
            return apply_plan(plan, root, policies=None, clock=self.clock)

    def plan_of(self, run_id: str) -> str:
        """The plan file of a run."""
        return str(self.top / ".rules/runs" / run_id / "plan.jsonl")

    def folder_names(self, area: str) -> list[str]:
        """The names in one area of the state."""
        place = self.top / ".rules" / area
        return sorted(one.name for one in place.iterdir()) if place.exists() else []


def _kill_at(number: int) -> None:
    """Have the process killed before its `number // 2`th call, or after it."""
    left = [number // 2]

    def wrap(kind: Any, name: str) -> None:
        real = getattr(kind, name)

        def call(*arguments: Any, **more: Any) -> Any:
            left[0] -= 1
            last = left[0] < 0
            if last and number % 2 == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*arguments, **more)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(kind, name, call)

    for kind, names in KILLS.items():
        for name in names:
            wrap(kind, name)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the rest of a short life


def _files(top: Path) -> Iterator[Path]:
    for folder, directories, names in os.walk(top):  # noqa: TID251 - no tree of the model is deep
        yield from (Path(folder, name) for name in names)
        yield from (Path(folder, name) for name in directories if Path(folder, name).is_symlink())


def write_policies(scratch: Path, rules: list[Mapping[str, Any]]) -> None:
    """The policy folder; what JSON writes, YAML reads."""
    place = scratch / "policies"
    place.mkdir(exist_ok=True)
    (place / "clip.yaml").write_text(json.dumps(LAYOUT))
    (place / "settings.yaml").write_text(json.dumps(SETTINGS))
    (place / "cleanup.yaml").unlink(missing_ok=True)
    if rules:
        (place / "cleanup.yaml").write_text(json.dumps({"version": 1, "kind": "cleanup", "rules": rules}))


@contextmanager
def place() -> Iterator[Place]:
    """A place without rules, gone at the end."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        top = Path(scratch)
        (top / "media").mkdir()
        write_policies(top, [])
        clock = ModelClock()
        manager = JobManager.from_policies(top / "policies", top / "media", create=True, clock=clock, environment={})
        with manager:
            yield Place(top, manager, clock)
