"""The benchmark of jobs runs and prints its tables; how fast it was is for people to read."""

import re
import subprocess
import sys
from pathlib import Path

from cliplace import REPOSITORY, Place

ROW = re.compile(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (.*) \|$", re.MULTILINE)


def test_the_benchmark_of_jobs_prints_each_cost(tmp_path: Path) -> None:
    """Two tables of medians, each with a bare call of the system beside it; nothing is left behind."""
    script = str(REPOSITORY / "benchmarks/jobs.py")
    sizes = ["--files", "50", "--jobs", "10", "--directory", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, script, *sizes],
        env=Place(tmp_path).environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = {found[0]: [float(number) for number in found[1:5]] for found in ROW.findall(done.stdout)}
    assert list(rows) == [
        "`add_file`, 50 files",
        "one bare append of such a line",
        "start and finish, the first 10",
        "start and finish, with 10 jobs in the state",
        "one bare append made durable",
    ]
    assert all(number > 0 for number in rows["start and finish, with 10 jobs in the state"])
    assert list(tmp_path.iterdir()) == []
