"""A pipeline of two jobs that keep one video each: `python examples/pipeline.py MEDIA`."""

import subprocess
import sys
from pathlib import Path

from rules_engine import FileType, JobManager

POLICIES = Path(__file__).parents[1] / "policies"
RENDER = 'for i in 1 2 3; do echo frame >"$1/$i.png"; done; echo list >"$TMPDIR/list.txt"; cat "$1"/*.png >"$2"'


def render(jobs: JobManager, episode: str) -> None:
    """Make one short video of an episode."""
    with jobs.job("short_form", series="Suits", episode=episode, language="ko") as job:
        clip = job.path("temp_clip.mkv", FileType.TEMP_VIDEO)  # declared before it exists: a crash leaves no orphan
        frames = job.directory("frames", FileType.TEMP_SLIDE)  # whatever lands in it is the job's
        subprocess.run(["sh", "-ec", RENDER, "sh", frames, clip], env=job.environment(), check=True)
        print("published", job.publish(clip, FileType.FINAL_VIDEO, index=1))  # moved to its name in the output
        job.discard(frames)  # gone now, by the executor; the manifest says so
    for path, due in job.cleanup_result.due.items() if job.cleanup_result else ():
        print(f"due {due:%F %R}", path)


if __name__ == "__main__":
    with JobManager.from_policies(POLICIES, root=sys.argv[1], create=True) as manager:
        for one in ("S01E01", "S01E02"):
            render(manager, one)
