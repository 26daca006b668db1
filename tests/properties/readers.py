"""The programs that read what the video pipeline writes, as they are known from outside: none of them is ours.

They find files by walking, by globs and by old path keys; whoever changes the structure must not lose one of them.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VIDEOS: Final = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm"})
LANGUAGES: Final = frozenset({"de", "en", "es", "fr", "ja", "ko", "zh"})
_EPISODE: Final = re.compile(r"S\d+E\d+")
_GUESSES: Final = ("educational", "short", "final", "slide", "context")


@dataclass(frozen=True, order=True)
class Video:
    """One line of the dashboard."""

    name: str
    kind: str
    language: str
    episode: str
    title: str
    """From `<stem>.meta.json` beside it; empty where there is none."""


def dashboard(output: Path) -> list[Video]:
    """Every video below `output`, as the dashboard lists it; links to directories are not followed."""
    return sorted(_video(path, output) for path in _walk(output) if path.suffix in VIDEOS)


def _walk(top: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(top), key=lambda one: one.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)


def _video(path: Path, output: Path) -> Video:
    # Pointed at a directory of one language, the dashboard still reads language and episode from the whole path.
    parts = [*output.parts, *path.relative_to(output).parts[:-1]]
    meta = path.with_name(f"{path.stem}.meta.json")
    return Video(
        path.name,
        _kind(path.name),
        _language(parts),
        next((part for part in reversed(parts) if _EPISODE.search(part)), ""),
        json.loads(meta.read_text())["title"] if meta.exists() else "",
    )


def _kind(name: str) -> str:
    for prefix, kind in (("short-form_", "short"), ("long-form_", "long")):
        if name.startswith(prefix):
            return kind
    return next((f"guessed {one}" for one in _GUESSES if one in name), "unknown")


def _language(parts: list[str]) -> str:
    if "translations" in parts:
        return parts[parts.index("translations") + 1]
    return next((part for part in reversed(parts) if part in LANGUAGES), "")


def uploads(language_dir: Path) -> list[str]:
    """What the uploader takes from the directory of one language, by its globs."""
    globs = ("shorts/short-form_*.mkv", "long/long-form_*.mkv")
    return sorted(str(path.relative_to(language_dir)) for one in globs for path in language_dir.glob(one))


def summary(language_dir: Path) -> Mapping[str, int]:
    """How many videos the pipeline's summary counts; a directory that is missing has none."""
    return Counter(
        key
        for key in ("shorts", "expressions")
        for pattern in ("*.mkv", "*.mp4")
        for _ in (language_dir / key).glob(pattern)
    )


PATH_KEYS: Final = {
    "language_dir": "",
    "subtitles": "subtitles",
    "slides": "slides",
    "videos": "videos",
    "expressions": "expressions",
    "shorts": "shorts",
    "long": "long",
    "final_videos": "expressions",
    "context_slide_combined": "videos",
    "short_videos": "shorts",
    "long_form_videos": "long",
}
"""The keys of older readers, and the directory of a language that each stands for."""


def by_path_key(root: Path, series: str, episode: str, language: str, key: str) -> list[str]:
    """The finished videos that an older reader finds under one of its keys, below `translations/`."""
    place = root / "output" / series / episode / "translations" / language / PATH_KEYS[key]
    return sorted(path.name for path in place.iterdir() if path.suffix in VIDEOS) if place.is_dir() else []
