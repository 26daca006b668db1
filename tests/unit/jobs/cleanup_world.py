"""What tests of cleanup are made of: ended jobs that left a clip, a clock that moves on, settings."""

from pathlib import Path

from job_world import LAYOUT, PLAIN, LaterClock

from rules_engine.filesystem.root import Root
from rules_engine.jobs.lifecycle import finish, start
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.quantities import SECOND, Instant


def later(clock: LaterClock, wait: int) -> None:
    """Move the clock on."""
    clock.instant = Instant(clock.instant + wait)


def ended(root: Root, policies: PolicySet, clock: LaterClock, job_id: str, *, success: bool = True) -> Path:
    """A plain job that left one clip of three bytes in its workspace; the path of the clip."""
    start(root, policies, clock, "plain", job_id=job_id)
    clip = Path(root.path) / f"wip/{job_id}/temp/clip.mkv"
    clip.write_bytes(b"123")
    finish(root, policies, clock, job_id, success=success)
    later(clock, SECOND)
    return clip


def with_settings(text: str, *more: str) -> PolicySet:
    """The layouts of the tests with settings and further policies."""
    settings = f"version: 1\nkind: settings\n{text}"
    return load_texts(
        {"s.yaml": LAYOUT, "p.yaml": PLAIN, "set.yaml": settings} | {f"{n}.yaml": t for n, t in enumerate(more)}
    )
