"""Draws how time grows with the number of files; both axes are logarithmic: linear growth has a slope of one."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from machine import Measured, median_processor_s, median_s
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tables import label
from works import Runs


def draw(sizes: Mapping[int, Runs], picture: Path) -> None:
    """Write the picture: ours in full lines, what they are measured against broken; wall and processor time."""
    figure = Figure(figsize=(13, 6), dpi=100)
    left, right = figure.subplots(1, 2, sharey=True)
    _lines(left, sizes, median_s)
    _lines(right, sizes, median_processor_s)
    left.set_ylabel("seconds")
    left.set_title("wall time")
    right.set_title("processor time")
    left.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(picture)


def _lines(axes: Axes, sizes: Mapping[int, Runs], median: Callable[[Iterable[Measured]], float]) -> None:
    names = list({name: None for runs in sizes.values() for name in runs})
    works = [name for name in names if "/" not in name]
    for name in names:
        work = name.partition("/")[0]
        points = [(files, median(runs[name])) for files, runs in sorted(sizes.items()) if name in runs]
        peers = [peer for peer in names if peer.startswith(f"{work}/")]
        axes.loglog(
            [files for files, _ in points],
            [seconds for _, seconds in points],
            linestyle=("--", ":")[peers.index(name) % 2] if name in peers else "-",
            marker="o",
            color=f"C{works.index(work)}",
            label=label(name),
        )
    ends = min(sizes), max(sizes)
    axes.loglog(ends, [files * 1e-6 for files in ends], color="lightgrey", zorder=0, label="one second a million")
    axes.set_xlabel("files")
    axes.grid(visible=True, which="both", color="#eeeeee")
