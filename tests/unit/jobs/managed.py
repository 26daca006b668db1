"""What tests of the manager are made of: a policy folder, a manager on a root of its own, looks at its state."""

from pathlib import Path

from job_world import LaterClock

from rules_engine.jobs.manager import JobManager
from rules_engine.values.quantities import Instant

SHORT = """
version: 1
kind: layout
job_type: short_form
parameters: {series: {default: _unsorted}, episode: {default: "{job_id}"}}
workspace: "scratch/{job_id}"
output: "output/{series}/{episode}"
status: "jobs/{status}/{job_id}"
directories:
  temp:     {in: workspace}
  slides:   {in: workspace, holds: [temp_slide, temp_video]}
  shorts:   {in: output, holds: [final_video, video_metadata]}
  metadata: {in: output, holds: [metadata]}
names:
  final_video: "short-form_{series}.{episode}_{index:03d}{suffix}"
modes: {files: "640"}
"""
BARE = """
version: 1
kind: layout
job_type: bare
workspace: "wip/{job_id}"
output: "bare/{job_id}"
directories: {films: {in: output, holds: [final_video]}}
"""
SETTINGS = """
version: 1
kind: settings
cleanup: {retention: 1h, preserve_on_failure: 2d}
"""
NOW = """
version: 1
kind: settings
cleanup: {retention: 0s, preserve_on_failure: 2d}
"""
HEROES = """
version: 1
kind: cleanup
rules:
  - {name: heroes, files: {match: ["hero_*"]}, action: keep}
"""


class TickingClock(LaterClock):
    """A clock that moves on by a millisecond at each reading, as a real one would between two steps."""

    def now(self) -> Instant:
        """That instant."""
        self.instant = Instant(self.instant + 1_000_000)
        return self.instant


def policy_folder(top: Path, **texts: str) -> str:
    """A policy folder with the two layouts and these other texts."""
    folder = top / "policies"
    folder.mkdir(exist_ok=True)
    for name, text in {"short": SHORT, "bare": BARE, "settings": SETTINGS, **texts}.items():
        (folder / f"{name}.yaml").write_text(text)
    return str(folder)


def manager(top: Path, clock: LaterClock, **texts: str) -> JobManager:
    """A manager of `top/media`."""
    folder = policy_folder(top, **texts)
    return JobManager.from_policies(folder, root=top / "media", create=True, clock=clock, environment={"LANG": "C"})


def hints(top: Path) -> list[str]:
    """Every hint in the state of `top/media`, in order."""
    due = top / "media/.rules/due"
    return sorted(str(path.relative_to(due)) for path in due.glob("*/*"))
