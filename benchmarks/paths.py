"""The paths and patterns that the benchmark of matching asks about: a farm of rendering jobs, names with counters."""

from collections.abc import Iterator
from typing import Final

from rules_engine.values.paths import RelPath

SERIES: Final = ("suits", "friends", "lupin", "dark", "narcos", "ozark", "borgen", "fargo")
LANGUAGES: Final = ("en", "ko", "es", "de")
FILES: Final = 20
"""Files of each job."""


def farm_paths(jobs: int) -> Iterator[RelPath]:
    """The files of so many jobs, directory by directory, as a scan meets them."""
    for job in range(jobs):
        scratch = f"scratch/job-{job:06d}"
        series, language = SERIES[job % len(SERIES)], LANGUAGES[job % len(LANGUAGES)]
        output = f"output/{series}/S{job % 9 + 1:02d}E{job % 24 + 1:02d}/{language}"
        yield from (RelPath(f"{scratch}/slides/slide_{job:06d}_{number:04d}.png") for number in range(6))
        yield from (RelPath(f"{scratch}/clips/temp_clip_{job}_{number}.mkv") for number in range(4))
        yield from (RelPath(f"{scratch}/audio/voice_{number:02d}.wav") for number in range(2))
        yield RelPath(f"{scratch}/audio/mix_{job}.wav.part")
        yield RelPath(f"{scratch}/subtitles/{language}_{job}.srt")
        yield RelPath(f"{scratch}/render.log")
        yield RelPath(f"{scratch}/.lock")
        yield from (RelPath(f"{output}/shorts/short-form_{series}.{job}_{number:03d}.mkv") for number in range(2))
        yield RelPath(f"{output}/metadata/job-{job:06d}.json")
        yield RelPath(f"{output}/metadata/cover_{job}.jpg")


FEW: Final = (
    "/scratch/*/slides/", "temp_*", "*.part", "*.tmp", "/scratch/*/audio/voice_[0-9][0-9].wav", "*.bak",
    "/output/**/old/", "**/shorts/*_00[5-9].mkv", "/output/*/*/de/", "core.[0-9]*", "*.log", "/scratch/**/*.srt",
    "**/metadata/cover_?.jpg", "/legacy/", ".~*", "/output/dark/", "*_draft.*", "!*.lock",
    "!/output/*/*/*/shorts/*_000.mkv", "!/scratch/job-00000?/**",
)  # fmt: skip
"""Twenty patterns, three of them with `!`."""


def many(count: int) -> list[str]:
    """So many patterns, such as twenty teams would write them: the few, and more of their kinds."""
    made = list(FEW[:17])
    number = 0
    while len(made) < count - 3:
        kinds = (
            f"/scratch/*/stage_{number}/", f"temp_{number}_*", f"*.v{number}", f"/output/*/S{number % 90:02d}E*/xx/",
            f"**/shorts/*_{number:03d}_*.mkv", f"/archive/{number}/**", f"cache_{number}[a-f]*",
            f"/output/series-{number}/**/shorts/",
        )  # fmt: skip
        made.append(kinds[number % len(kinds)])
        number += 1
    return [*made, *FEW[17:]]
