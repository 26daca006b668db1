"""The benchmark of matching runs, agrees with pathspec on what is selected, and prints its tables."""

import re
import subprocess
import sys
from pathlib import Path

from cliplace import REPOSITORY, Place

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


def test_the_benchmark_of_matching_prints_each_reader(tmp_path: Path) -> None:
    """A table for twenty patterns, one for two hundred, and one from one rule to a thousand."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "benchmarks/matching.py"), "--jobs", "5"],
        env=Place(tmp_path).environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    headings = [re.sub(r"\d+ selected", "", one) for one in HEADING.findall(done.stdout)]
    assert headings == ["20 patterns, 100 paths, ", "200 patterns, 100 paths, ", "From 1 to 1000 rules, 100 paths"]
    readers = [found[0] for found in ROW.findall(done.stdout)]
    assert readers.count("this program, as the scan asks") == readers.count("pathspec, `simple`") == 2
    assert readers[-4:] == ["1", "10", "100", "1000"]
