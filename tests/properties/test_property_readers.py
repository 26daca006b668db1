"""Property 12: the programs that read the pipeline's output today find the same deliverables in the new structure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drawn_policies import PROPERTY, SHIPPED_TYPES, Folder, shipped
from hypothesis import given
from hypothesis import strategies as st
from readers import PATH_KEYS, by_path_key, dashboard, summary, uploads
from seed_words import Said
from stage import Stage, stage

from rules_engine.jobs.job import Job

FOLDER: Final = Folder({one: shipped(one) for one in SHIPPED_TYPES}, settings=Said(retention=1).to_settings())
PREFIXES: Final = {
    "short_form": ("shorts", "short-form_{series}.{episode}", "short", "short_videos"),
    "long_form": ("long", "long-form_{episode}", "long", "long_form_videos"),
    # Today's are named after their expression; no reader but the summary and the old keys tells them apart.
    "expression_only": ("expressions", "expression_{series}.{episode}", "unknown", "final_videos"),
}
"""Of each job type: where its videos lie, how their names begin, what the dashboard calls them, their old path key."""
LEGACY_DIRECTORIES: Final = ("shorts", "long", "subtitles", "slides", "videos", "expressions")
TEMPS: Final = {
    "videos": ("temp_master_clip_burned_01_break_the_ice.mkv", "temp_video"),
    "expressions": ("temp_expr_clip_long_form_break_the_ice.mkv", "temp_expression"),
    "slides": ("temp_slide_break_the_ice.mkv", "temp_slide"),
    "subtitles": ("temp_adjusted_subtitle_break_the_ice.srt", "temp_subtitle"),
}


@dataclass(frozen=True)
class Episode:
    """What one job makes: some videos, with or without a description beside them, of one kind."""

    job_type: str
    language: str
    titles: tuple[str | None, ...]

    series: str = "Suits"
    name: str = "S01E01"

    @property
    def language_dir(self) -> str:
        """Where it lies, today and from now on."""
        return f"output/{self.series}/{self.name}/{self.language}"

    def video(self, index: int) -> str:
        """The path of a video as the pipeline has always named it, from the directory of the language."""
        directory, prefix, _, _ = PREFIXES[self.job_type]
        return f"{directory}/{prefix.format(series=self.series, episode=self.name)}_{index:03d}.mkv"


EPISODES: Final = st.lists(
    st.builds(
        Episode,
        st.sampled_from(sorted(PREFIXES)),
        st.sampled_from(["ko", "ja", "en"]),
        st.lists(st.sampled_from([None, "Break the ice", "얼음을 깨다"]), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: (one.job_type, one.language),
)


def write_as_today(root: Path, episode: Episode) -> None:
    """The tree that the pipeline writes today, at its best moment: no intermediate is left."""
    top = root / episode.language_dir
    for name in LEGACY_DIRECTORIES:
        (top / name).mkdir(parents=True, exist_ok=True)
    for index, title in enumerate(episode.titles, 1):
        path = top / episode.video(index)
        path.write_bytes(b"video")
        if title is not None:
            path.with_name(f"{path.stem}.meta.json").write_text(json.dumps({"title": title}))
    # Older readers look below `translations/`.
    above = top.parent / "translations"
    above.mkdir(exist_ok=True)
    if not (above / episode.language).is_symlink():
        (above / episode.language).symlink_to(f"../{episode.language}")


def run_job(made: Stage, episode: Episode, number: int) -> None:
    """The same deliverables by a job, which leaves as much scratch as a job can."""
    words = {"series": episode.series, "episode": episode.name, "language": episode.language}
    with made.jobs.job(episode.job_type, job_id=f"job-{number}", **words) as job:
        for index, title in enumerate(episode.titles, 1):
            video = made.write(job.path(f"final-{index}.mkv", "temp_video"), b"video")
            job.publish(video, "final_video", index=index)
            if title is not None:
                meta = made.write(job.path(f"final-{index}.json", "temp_video"), json.dumps({"title": title}).encode())
                job.publish(meta, "video_metadata", index=index)
        _leave_scratch(made, job)


def _leave_scratch(made: Stage, job: Job) -> None:
    for name, file_type in TEMPS.values():
        made.write(job.path(name, file_type))
    made.write(job.directory("frames", "temp_slide") / "temp_frame.mkv")


def seen(root: Path, episodes: list[Episode]) -> Mapping[str, object]:
    """What every reader finds."""
    found: dict[str, object] = {"dashboard": dashboard(root / "output")}
    for one in episodes:
        found[f"uploader {one.language}"] = uploads(root / one.language_dir)
        found[f"summary {one.language}"] = dict(summary(root / one.language_dir))
        for key in PATH_KEYS:
            names = by_path_key(root, one.series, one.name, one.language, key)
            found[f"{key} {one.language}"] = names
    return found


# Feature: file-system-cleanup, Property 12: Backward Compatibility Preservation
@PROPERTY
@given(EPISODES)
def test_every_reader_sees_the_same_deliverables_as_before(episodes: list[Episode]) -> None:
    """In the tree of today and in that of the jobs, as soon as they are done, and after cleanup."""
    with stage(FOLDER) as made:
        today = made.scratch / "today"
        for number, episode in enumerate(episodes):
            write_as_today(today, episode)
            run_job(made, episode, number)
        before = seen(today, episodes)
        assert seen(made.top, episodes) == before
        made.clock.move_hours(1)
        made.nightly()
        assert seen(made.top, episodes) == before
        assert not [path for path in made.files() if "temp_" in path.name]


# Feature: file-system-cleanup, Property 12: Backward Compatibility Preservation
@PROPERTY
@given(EPISODES)
def test_the_dashboard_shows_no_leftover_and_reads_every_word_of_a_path(episodes: list[Episode]) -> None:
    """Kind, language, episode and title of each video, through the real path and through the aliases."""
    with stage(FOLDER) as made:
        for number, episode in enumerate(episodes):
            run_job(made, episode, number)
        shown = dashboard(made.top / "output")
        assert [one.name for one in shown] == sorted(
            Path(one.video(index)).name for one in episodes for index in range(1, len(one.titles) + 1)
        )
        for episode in episodes:
            directory, _, kind, _ = PREFIXES[episode.job_type]
            above = made.top / "output" / episode.series / episode.name / "translations" / episode.language
            through_alias = dashboard(above / directory)
            expected = [(kind, episode.language, episode.name, title or "") for title in episode.titles]
            assert [(one.kind, one.language, one.episode, one.title) for one in through_alias] == expected
            assert set(through_alias) <= set(shown)


# Feature: file-system-cleanup, Property 12: Backward Compatibility Preservation
@PROPERTY
@given(EPISODES)
def test_old_path_keys_and_old_paths_lead_to_where_the_files_are(episodes: list[Episode]) -> None:
    """Each key that older code asks for is a directory of the job; an old path is resolved to the real one."""
    with stage(FOLDER) as made:
        for number, episode in enumerate(episodes):
            run_job(made, episode, number)
            keys = made.jobs.directories.paths_by_key(f"job-{number}")
            assert keys["language_dir"] == made.top / episode.language_dir
            own = PREFIXES[episode.job_type][3]
            found = sorted(path.name for path in keys[own].glob("*.mkv"))
            assert found == [Path(episode.video(index)).name for index in range(1, len(episode.titles) + 1)]
            old = f"output/{episode.series}/{episode.name}/translations/{episode.language}/{episode.video(1)}"
            assert made.jobs.directories.resolve(old) == made.top / episode.language_dir / episode.video(1)
