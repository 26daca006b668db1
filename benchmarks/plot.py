"""Draws how wall time grows with the number of files; both axes are logarithmic: linear growth has a slope of one."""

from collections.abc import Mapping
from pathlib import Path

from machine import median_s
from matplotlib.figure import Figure
from tables import label
from works import Runs


def draw(sizes: Mapping[int, Runs], picture: Path) -> None:
    """Write the picture: ours in full lines, what they are measured against dashed."""
    figure = Figure(figsize=(9, 6), dpi=110)
    axes = figure.subplots()
    names = {name: None for runs in sizes.values() for name in runs}
    colours = {name: f"C{number}" for number, name in enumerate(name for name in names if "/" not in name)}
    for name in names:
        points = [(files, median_s(runs[name])) for files, runs in sorted(sizes.items()) if name in runs]
        peers = [peer for peer in names if peer.partition("/")[0] == name.partition("/")[0]]
        style = "-" if "/" not in name else ("--", ":")[(peers.index(name) - 1) % 2]
        axes.loglog(
            [files for files, _ in points],
            [seconds for _, seconds in points],
            linestyle=style,
            marker="o",
            color=colours[name.partition("/")[0]],
            label=label(name),
        )
    first, last = min(sizes), max(sizes)
    axes.loglog([first, last], [first * 1e-6, last * 1e-6], color="lightgrey", zorder=0, label="one second a million")
    axes.set_xlabel("files")
    axes.set_ylabel("seconds of wall time")
    axes.grid(visible=True, which="both", color="#eeeeee")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(picture)
