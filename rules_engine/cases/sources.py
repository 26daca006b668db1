"""Files of cases: found beside policies or where a caller says, and read whole."""

import os
import stat
from collections.abc import Sequence
from typing import Final

from rules_engine.policy.findings import Findings
from rules_engine.policy.sources import Source
from rules_engine.policy.yamltext import LARGEST_FILE, decode
from rules_engine.values.diagnostics import Span

SUFFIXES: Final = (".cases.yaml", ".cases.yml")


def read_sources(paths: Sequence[str], findings: Findings) -> tuple[Source, ...]:
    """The files of cases at these paths, and directly in those that are folders, in name order; faults are findings."""
    files: list[str] = []
    for path in paths:
        files += _in_folder(path) if os.path.isdir(path) else [os.path.normpath(path)]
    read = ((file, _read(file, findings)) for file in sorted(dict.fromkeys(files)))
    texts = ((file, decode(file, raw, findings)) for file, raw in read if raw is not None)
    return tuple(Source(file, os.path.dirname(os.path.abspath(file)), text) for file, text in texts if text is not None)


def _in_folder(folder: str) -> list[str]:
    # A name with a dot in front is an editor's aside, as beside policies.
    names = (name for name in os.listdir(folder) if name.endswith(SUFFIXES) and not name.startswith("."))
    return [os.path.normpath(os.path.join(folder, name)) for name in names]


def _read(file: str, findings: Findings) -> bytes | None:
    place = Span(file, 1, 1, 1, 1)
    try:
        # Without O_NONBLOCK opening a FIFO would wait for a writer that never comes.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as opened:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return opened.read(LARGEST_FILE + 1)
    except OSError as err:
        why = (err.strerror or "it failed").lower()
        findings.error("P006", f"the file of cases cannot be read: {why}", place, "give another one")
        return None
    findings.error("P004", "the file of cases is not a regular file", place, "put a regular file here")
    return None
