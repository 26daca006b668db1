"""What the demo's studio has been doing: which jobs, how they ended, and what each of them wrote."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rules_engine.values.quantities import DAY, HOUR, MINUTE
from rules_engine.values.vocabulary import FileType, JobStatus, JobType

KIB: Final = 2**10
MIB: Final = 2**20

_EXPRESSIONS: Final = (
    "get_the_ball_rolling",
    "cut_me_some_slack",
    "on_the_same_page",
    "call_it_a_day",
    "break_the_ice",
    "hit_the_nail_on_the_head",
    "the_elephant_in_the_room",
    "bite_the_bullet",
    "spill_the_beans",
    "under_the_weather",
    "once_in_a_blue_moon",
    "pull_someone's_leg",
    "piece_of_cake",
    "burn_the_midnight_oil",
    "let_the_cat_out_of_the_bag",
    "so_far_so_good",
    "up_in_the_air",
    "the_last_straw",
    "speak_of_the_devil",
    "back_to_square_one",
    "눈이_높다",
    "발이_넓다",
    "손이_크다",
    "no_hay_mal_que_por_bien_no_venga",
)


@dataclass(frozen=True, slots=True)
class DemoJob:
    """One job of the demo: what it was about, and how long ago it ended, or was last heard of."""

    series: str
    episode: str
    language: str
    job_type: JobType
    status: JobStatus
    ago: int
    expressions: int
    """How many expressions it found; each costs five files on the way."""

    @property
    def job_id(self) -> str:
        """A readable id, such as `suits-s01e01-ko-short`."""
        kind = self.job_type.removesuffix("_form")
        return f"{self.series}-{self.episode.partition('_')[0]}-{self.language}-{kind}".lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file of a job: where, what, and how large."""

    path: str
    """Below the workspace, or below the output for deliverables."""
    file_type: FileType
    size: int
    in_output: bool = False


_SHORT, _LONG = JobType.SHORT_FORM, JobType.LONG_FORM

JOBS: Final = (
    DemoJob("Suits", "S01E01", "ko", _SHORT, JobStatus.COMPLETED, 9 * DAY, 24),
    DemoJob("Suits", "S01E01", "ko", _LONG, JobStatus.COMPLETED, 9 * DAY, 22),
    DemoJob("Suits", "S01E01", "es", _SHORT, JobStatus.COMPLETED, 8 * DAY, 21),
    DemoJob("Suits", "S01E02", "ko", _SHORT, JobStatus.COMPLETED, 5 * DAY, 23),
    DemoJob("Suits", "S01E02", "ko", _LONG, JobStatus.FAILED, 16 * DAY, 24),
    DemoJob("Suits", "S01E02", "es", _SHORT, JobStatus.FAILED, 3 * DAY, 21),
    DemoJob("Suits", "S01E03", "ko", _SHORT, JobStatus.COMPLETED, 3 * HOUR, 22),
    DemoJob("Suits", "S01E04", "ko", _SHORT, JobStatus.RUNNING, 40 * MINUTE, 23),
    DemoJob("Money_Heist", "S02E05", "ko", _SHORT, JobStatus.COMPLETED, 4 * DAY, 24),
    DemoJob("Money_Heist", "S02E05", "ko", _LONG, JobStatus.COMPLETED, 4 * DAY, 21),
    DemoJob("Squid_Game", "1x03_The_Man_with_the_Umbrella", "en", _SHORT, JobStatus.COMPLETED, 30 * HOUR, 22),
    DemoJob("Squid_Game", "1x03_The_Man_with_the_Umbrella", "en", _LONG, JobStatus.ABANDONED, 20 * HOUR, 23),
)
"""Three series, six episodes, three languages; every way in which a job can stand."""

KEPT_JOB: Final = "suits-s01e02-es-short"
"""It failed three days ago: its files are still wanted."""
GONE_JOB: Final = "suits-s01e01-ko-short"
"""It was done nine days ago: its scratch goes."""
EXAMPLE: Final = "slides/temp_slide_call_it_a_day.mkv"
"""A file that both of them wrote."""


def intermediates(job: DemoJob) -> Iterator[DemoFile]:
    """What a job writes on the way: five files for each expression, more than a hundred in all."""
    videos = "videos" if job.job_type == _LONG else "slides"
    clip, size = ("temp_master_clip_burned", 960) if job.job_type == _LONG else ("temp_context_clip", 580)
    for number, expression in enumerate(_EXPRESSIONS[-job.expressions :], 1):
        yield DemoFile(f"slides/temp_slide_{expression}.mkv", FileType.TEMP_SLIDE, 48 * MIB)
        yield DemoFile(f"slides/temp_adjusted_subtitle_{expression}.srt", FileType.TEMP_SUBTITLE, 6 * KIB)
        yield DemoFile(
            f"{videos}/{clip}_{number:02d}_{expression}.mkv", FileType.TEMP_VIDEO, (size + 17 * number) * MIB
        )
        yield DemoFile(f"expressions/temp_expr_repeated_{expression}.mkv", FileType.TEMP_EXPRESSION, 260 * MIB)
        yield DemoFile(f"expressions/temp_expression_audio_{expression}.wav", FileType.TEMP_AUDIO, 11 * MIB)


def deliverables(job: DemoJob) -> Iterator[DemoFile]:
    """What a job that ended well leaves for good: videos, each with its description, and the run's own records."""
    is_long = job.job_type == _LONG
    record = "processing_log_long.txt" if is_long else "expressions.json"
    yield DemoFile(f"metadata/{record}", FileType.METADATA, 90 * KIB, in_output=True)
    if job.status is not JobStatus.COMPLETED:
        return
    for index in range(1, 2 if is_long else 9):
        stem = f"long/long-form_{job.episode}" if is_long else f"shorts/short-form_{job.series}.{job.episode}"
        size = (1900 if is_long else 38 + index) * MIB
        yield DemoFile(f"{stem}_{index:03d}.mkv", FileType.FINAL_VIDEO, size, in_output=True)
        yield DemoFile(f"{stem}_{index:03d}.meta.json", FileType("video_metadata"), 3 * KIB, in_output=True)
