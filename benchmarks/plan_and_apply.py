"""Plan and apply beside find and fd on the same tree, as ratios of whole-process wall time: `./dev bench`.

Absolute times say little on a shared machine, so each row is a ratio of two commands that ran in turn.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from farm import FILES_PER_JOB, Farm
from machine import machine, moment, versions
from measurements import Results, Sized, read_results, write_results
from tables import growth_rows, peak_rows, ratio_rows, start_up_rows
from works import Bench, Runs

REPOSITORY = Path(__file__).parent.parent


def report(results: Results, picture: str) -> Iterator[str]:
    """The whole page, line by line."""
    yield "# Plan and apply on a farm"
    yield ""
    yield "`./dev bench` wrote this page; [performance.md](../../docs/performance.md) says how to read it."
    yield "Wall time of whole processes on a warm cache, medians; the commands of one table ran in turn."
    yield ""
    yield from (f"- {line}" for line in results.head)
    yield ""
    for files, one in sorted(results.sizes.items()):
        yield from ratio_rows(files, one.when, one.runs)
        yield ""
    yield "## Memory, start-up, growth"
    yield ""
    for table in (peak_rows(results.by_size), start_up_rows(results.start_up), growth_rows(results.by_size)):
        yield from table
        yield ""
    if picture:
        yield f"![seconds against files, both logarithmic]({picture})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="files of each farm (up to 3000000)"
    )
    parser.add_argument("--times", type=int, default=5, help="runs of each plan (default 5)")
    parser.add_argument("--fresh", action="store_true", help="forget the sizes that earlier runs left in the results")
    parser.add_argument("--apply-times", type=int, default=None, help="runs of each apply (default: as --times)")
    parser.add_argument("--farm", default=None, help="a folder for the farms, which stay there and are used again")
    parser.add_argument("--results", default=str(REPOSITORY / "benchmarks/results"), help="where page and picture go")
    asked = parser.parse_args()
    odd = [size for size in asked.sizes if size % FILES_PER_JOB or size <= 0]
    if odd:
        parser.error(f"a job has {FILES_PER_JOB} files, so {odd[0]} files are not a number of jobs")
    return asked


def _draw(sizes: Mapping[int, Runs], results: Path) -> str:
    """The name of the picture, where it could be drawn: one size is no line."""
    if len(sizes) < 2:  # noqa: PLR2004 - two points make a line
        return ""
    try:
        from plot import draw  # noqa: PLC0415 - matplotlib is an extra
    except ImportError:
        print("no picture: matplotlib is not installed; `pip install -e '.[bench]'`")
        return ""
    draw(sizes, results / "farm.png")
    return "farm.png"


def main() -> None:
    """Build the farms, measure, print the page and write it down."""
    asked = _arguments()
    kept = Path(asked.farm) if asked.farm else None
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
    folder = Path(asked.results)
    folder.mkdir(parents=True, exist_ok=True)
    results = Results() if asked.fresh else read_results(folder / "farm.json")
    scratch = Path(tempfile.mkdtemp(prefix="rules-bench-", dir=kept))
    try:
        results.head = [*versions(), *machine(scratch)]
        bench = Bench(scratch)
        results.start_up = bench.start_up(REPOSITORY / "policies", asked.times)
        for size in sorted(set(asked.sizes)):
            when, farm = moment(), Farm((kept or scratch) / f"farm-{size}", size // FILES_PER_JOB)
            apply_times = asked.times if asked.apply_times is None else asked.apply_times
            results.sizes[size] = Sized(when, bench.measure(farm, asked.times, apply_times))
            write_results(results, folder / "farm.json")
    finally:
        shutil.rmtree(scratch)  # noqa: TID251 - our own scratch directory
    write_page(results, folder)


def write_page(results: Results, folder: Path) -> None:
    """Write the page and the picture, and print the page."""
    lines = list(report(results, _draw(results.by_size, folder)))
    (folder / "farm.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
