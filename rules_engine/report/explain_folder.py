"""Why a directory stays or goes, as text and as JSON: the directory first, then sums of what lies below it."""

from collections.abc import Iterator

from rules_engine.jobs.explaining_directory import Folder
from rules_engine.report.documents import Json, instant_json, path_json
from rules_engine.report.tables import align
from rules_engine.report.words import moment, name
from rules_engine.values.quantities import Instant, format_size
from rules_engine.values.text import escape, plural


def folder_lines(folder: Folder, now: Instant) -> Iterator[str]:
    """The lines about one directory, below its path."""
    if folder.goes:
        yield f"  GOES {escape(folder.goes)}"
    yield from (f"  STAYS: {escape(why)}" for why in folder.stays[:1])
    yield from (f"         {escape(why)}" for why in folder.stays[1:])
    yield from (f"  {escape(line)}" for line in folder.about)
    if not folder.decided:
        yield "  no file lies in it"
        return
    yield ""
    yield from align(
        [
            (word, plural(one.count.files, "file"), format_size(one.count.bytes), escape(why))
            for (word, why), one in folder.decided.items()
        ],
        right=(1, 2),
    )
    for (word, why), one in folder.decided.items():
        yield f"  {word}, {escape(why)}: {', '.join(map(name, one.first))}{' …' if _has_more(one.count.files) else ''}"
    for when, what, files in folder.due:
        yield f"  due at {moment(when, now)}: {plural(files, 'file')}, {escape(what)}"


def _has_more(files: int) -> bool:
    return files > 3  # noqa: PLR2004 - as many as are named


def folder_json(folder: Folder) -> Json:
    """The directory among the paths of an explanation."""
    return {
        "path": path_json(folder.path),
        "decision": "directory",
        "goes": folder.goes or None,
        "stays": list(folder.stays),
        "about": list(folder.about),
        "files": [
            {
                "decision": word,
                "why": why,
                "files": one.count.files,
                "bytes": one.count.bytes,
                "first": [path_json(path) for path in one.first],
            }
            for (word, why), one in folder.decided.items()
        ],
        "due": [{"due": instant_json(when), "waits_for": what, "files": files} for when, what, files in folder.due],
    }
