"""Builds the tree that the benchmarks measure: finished jobs whose files are sealed, three days old."""

import os
from pathlib import Path

from rules_engine.filesystem.root import Root
from rules_engine.inventory.tracked import observe_job
from rules_engine.jobs.lifecycle import start
from rules_engine.manifest.store import ManifestStore
from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY, Instant
from rules_engine.values.vocabulary import FileType, JobId

LAYOUT = """
version: 1
kind: layout
job_type: render
parameters: {series: {default: show}}
workspace: "scratch/{job_id}"
output: "output/{series}/{job_id}"
directories:
  temp:   {in: workspace}
  frames: {in: workspace, holds: [temp_frame]}
  videos: {in: output, holds: [final_video]}
names:
  final_video: "render_{series}_{index:03d}.mkv"
"""

TRACKED = """
version: 1
kind: cleanup
rules:
  - name: intermediates
    files: {in: workspace}
    after: 24h
    action: delete
"""

SETTINGS = """
version: 1
kind: settings
limits: {files: unlimited, bytes: unlimited, untracked_share: unlimited}
"""

FRAMES, VIDEOS = 90, 10


class PastClock:
    """A clock that stands three days ago, so that the jobs ended then."""

    def __init__(self, now: Instant) -> None:
        self._now = Instant(now - 3 * DAY)

    def now(self) -> Instant:
        """Three days before the benchmark began."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Nobody waits in a benchmark."""


def untracked_rules(count: int) -> str:
    """A cleanup policy with `count` rules about untracked files, one of which selects the frames."""
    frames = '  - {name: frames, files: {match: ["/scratch/**/*.png"], tracked: false}, '
    others = '  - {name: other-%d, files: {match: ["/scratch/**/other_%d_*.tmp", "*.part%d"], tracked: false}, '
    rules = ["version: 1\nkind: cleanup\nrules:\n", frames + "after: 1m, since: written, action: delete}\n"]
    rules += [others % (number, number, number) + "after: 7d, action: trash}\n" for number in range(1, count)]
    return "".join(rules)


def write_policies(folder: Path, cleanup: str) -> Path:
    """A policy folder with the layout, `cleanup` and lifted limits."""
    folder.mkdir(parents=True)
    (folder / "render.yaml").write_text(LAYOUT)
    (folder / "cleanup.yaml").write_text(cleanup)
    (folder / "settings.yaml").write_text(SETTINGS)
    return folder


def build(root: Path, jobs: int, now: Instant, *, tracked: bool) -> None:
    """`jobs` times a hundred files below `root`; with `tracked` declared and sealed, else without any manifest."""
    root.mkdir(parents=True)
    clock = PastClock(now)
    policies = load_texts({"render.yaml": LAYOUT, "cleanup.yaml": TRACKED, "settings.yaml": SETTINGS})
    with Root.create(str(root)) as opened:
        store = ManifestStore(opened, clock)
        for number in range(jobs):
            _job(opened, store, policies, clock, f"job-{number:06d}", tracked=tracked)


def _job(root: Root, store: ManifestStore, policies: PolicySet, clock: PastClock, name: str, *, tracked: bool) -> None:
    workspace, output = f"scratch/{name}/frames", f"output/show/{name}/videos"
    if tracked:
        start(root, policies, clock, "render", job_id=name)
    else:
        os.makedirs(f"{root.path}/{workspace}")
        os.makedirs(f"{root.path}/{output}")
    files = [(RelPath(f"{workspace}/frame_{index:05d}.png"), FileType("temp_frame")) for index in range(FRAMES)]
    files += [(RelPath(f"{output}/render_show_{index:03d}.mkv"), FileType("final_video")) for index in range(VIDEOS)]
    written = clock.now() - 60_000_000_000
    for path, _ in files:
        full = f"{root.path}/{path}"
        with open(full, "wb"):
            os.utime(full, ns=(written, written))
    if tracked:
        store.add_files(name, files)
        store.finish(name, success=True, directories=observe_job(root, store.get(JobId(name))))
