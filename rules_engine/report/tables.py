"""Rows to aligned lines of plain text."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

GAP: Final = "  "


def align(rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), indent: str = GAP) -> Iterator[str]:
    """Each row as a line, its columns padded to the widest cell; columns in `right` end flush."""
    flush = frozenset(right)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if number in flush else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield (indent + GAP.join(cells)).rstrip()


def joined(names: Iterable[str]) -> str:
    """Names in backticks, as a list that a sentence can hold."""
    return ", ".join(f"`{name}`" for name in names)
