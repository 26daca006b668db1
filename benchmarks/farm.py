"""The farm that the benchmarks measure: finished jobs whose files are sealed, three days old; and its policies."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sealing import Sealer

from rules_engine.filesystem.root import Root
from rules_engine.values.quantities import DAY, SECOND, Instant

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
FILES_PER_JOB = FRAMES + VIDEOS
SEALED_STATE = ("manifests", "sealed", "due")


def untracked_rules(count: int) -> str:
    """A cleanup policy with `count` rules about untracked files, one of which selects the frames."""
    # No farm can set its times of change back, so what is due must be so moments after it was built.
    frames = '  - {name: frames, files: {match: ["/scratch/**/*.png"], tracked: false}, '
    others = '  - {name: other-%d, files: {match: ["/scratch/**/other_%d_*.tmp", "*.part%d"], tracked: false}, '
    rules = ["version: 1\nkind: cleanup\nrules:\n", frames + "after: 1s, since: written, action: delete}\n"]
    rules += [others % (number, number, number) + "after: 7d, action: trash}\n" for number in range(1, count)]
    return "".join(rules)


def write_policies(folder: Path, cleanup: str) -> Path:
    """A policy folder with the layout, `cleanup` and lifted limits."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "render.yaml").write_text(LAYOUT)
    (folder / "cleanup.yaml").write_text(cleanup)
    (folder / "settings.yaml").write_text(SETTINGS)
    return folder


@dataclass(frozen=True, slots=True)
class Farm:
    """A farm on the disk: `tree` is the root, and a note beside it says that it is whole."""

    folder: Path
    jobs: int

    @property
    def tree(self) -> Path:
        """The directory under management."""
        return self.folder / "tree"

    @property
    def files(self) -> int:
        """How many files jobs left in it."""
        return self.jobs * FILES_PER_JOB

    @property
    def is_whole(self) -> bool:
        """Whether it was built to its end, and nothing was removed from it since."""
        return self._note.exists() and self._note.read_text() == str(self.jobs)

    @property
    def _note(self) -> Path:
        return self.folder / "whole"

    def build(self, *, sealed: bool = True) -> None:
        """Make its directories, files, manifests and seals, as jobs would have left them three days ago."""
        self.clear()
        self.tree.mkdir(parents=True)
        ended = Instant(time.time_ns() - 3 * DAY)  # noqa: TID251 - the benchmark's own clock
        with Root.create(str(self.tree)) as root:
            sealer = Sealer(root, ended) if sealed else None
            for number in range(self.jobs):
                _build_job(self.tree, f"job-{number:07d}", ended, sealer)
        self._note.write_text(str(self.jobs))

    def clear(self) -> None:
        """Remove it."""
        if self.folder.exists():
            shutil.rmtree(self.folder)  # noqa: TID251 - our own scratch directory

    def spoil(self) -> None:
        """Note that it is not whole any more."""
        self._note.unlink(missing_ok=True)

    @contextmanager
    def without_manifests(self) -> Iterator[None]:
        """The same tree, with nobody to tell whose files these are."""
        state, aside = self.tree / ".rules", self.folder / "aside"
        aside.mkdir(exist_ok=True)
        for name in SEALED_STATE:
            if (state / name).exists():
                (state / name).rename(aside / name)
        try:
            yield
        finally:
            self.bring_back()

    def bring_back(self) -> None:
        """Put manifests back that were set aside, also by a benchmark that was killed."""
        for path in sorted((self.folder / "aside").glob("*")):
            path.rename(self.tree / ".rules" / path.name)


def _build_job(tree: Path, name: str, ended: Instant, sealer: Sealer | None) -> None:
    workspace, output = f"scratch/{name}", f"output/show/{name}"
    for directory in (f"{workspace}/temp", f"{workspace}/frames", f"{output}/videos"):
        os.makedirs(tree / directory)
    frames = {f"frame_{index:05d}.png": 100_000 for index in range(FRAMES)}
    videos = {f"render_show_{index:03d}.mkv": 5_000_000 for index in range(VIDEOS)}
    written = ended - 60 * SECOND
    found = (
        _write(f"{tree}/{workspace}/frames", frames, written),
        _write(f"{tree}/{output}/videos", videos, written),
    )
    if sealer is not None:
        sealer.seal(name, workspace, output, *found)


def _write(directory: str, names: dict[str, int], written: int) -> dict[str, os.stat_result]:
    """Make files that have a length and no content, and say what the disk says of them."""
    found = {}
    for name, size in names.items():
        fd = os.open(f"{directory}/{name}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        os.ftruncate(fd, size)
        os.utime(fd, ns=(written, written))
        found[name] = os.fstat(fd)
        os.close(fd)
    return found


if __name__ == "__main__":
    # In a process of its own: what the kernel reports as the peak of a child begins with that of who started it.
    Farm(Path(sys.argv[1]), int(sys.argv[2])).build()
