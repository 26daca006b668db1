"""The policies that ship: they load without a warning, and fit what the pipeline writes and reads."""

import os
from pathlib import Path

import pytest

from rules_engine.analysis.guarantees import Proved, hold
from rules_engine.policy.lint import lint
from rules_engine.policy.load import check_folders, load_policies, load_texts
from rules_engine.policy.model import PolicySet, Rule, Tracked
from rules_engine.policy.shipped import legacy_folder, shipped_folder
from rules_engine.policy.starter import STARTER_POLICIES, starter_files
from rules_engine.values.paths import RelPath
from rules_engine.values.quantities import DAY
from rules_engine.values.vocabulary import FileType, JobType, Place

EPISODE = "output/Suits/1x03_Inside_Track.HDTV.CTU/ko"
INTERMEDIATES = [
    f"{EPISODE}/{path}"
    for path in (
        "videos/temp_master_clip_burned_01_get_cold_feet.mkv",
        "videos/temp_context_clip_get_cold_feet.mkv",
        "videos/temp_context_clip_reset_get_cold_feet.mkv",
        "videos/temp_context_transition_get_cold_feet.mkv",
        "expressions/temp_expr_clip_long_form_get_cold_feet.mkv",
        "expressions/temp_expr_clip_long_form_reset_get_cold_feet.mkv",
        "expressions/temp_expr_repeated_long_form_get_cold_feet.mkv",
        "expressions/temp_context_expr_long_form_get_cold_feet.mkv",
        "expressions/temp_long_form_get_cold_feet.mkv",
        "expressions/temp_long_form_with_logo_get_cold_feet.mkv",
        "expressions/get_cold_feet.mkv",
        "slides/temp_slide_발을_빼다.mkv",
        "slides/temp_transition_1.5s_16x9.mkv",
        "subtitles/temp_adjusted_subtitle_get_cold_feet.srt",
        "subtitles/get_cold_feet.srt",
        "shorts/temp_scaled_get_cold_feet.mkv",
        "shorts/temp_overlayed_get_cold_feet.mkv",
        "shorts/temp_with_credit_short-form_Suits.1x03_Inside_Track_001.mkv",
        "long/temp_concat_list_long-form_1x03.txt",
        "long/temp_concat_batch_2.txt",
        "long/temp_expression_audio_get_cold_feet.wav",
        "long/temp_expression_audio_final_get_cold_feet.wav",
    )
] + [
    "output/Suits/S01E01/translations/ko/videos/temp_context_clip_get_cold_feet.mkv",
    "langflix_a1b2/clip.mkv",
    "langflix_a1b2.mkv",
    "job-7_video_1.mkv",
    "job-7_subtitle_1.srt",
    "tmp/langflix_a1b2.mkv",
]  # fmt: skip
DELIVERABLES = [
    f"{EPISODE}/shorts/short-form_Suits.1x03_Inside_Track.HDTV.CTU_001.mkv",
    f"{EPISODE}/shorts/short-form_Suits.1x03_Inside_Track.HDTV.CTU_001.meta.json",
    f"{EPISODE}/shorts/short-form_Suits.1x03_Inside_Track.HDTV.CTU_001.jpg",
    f"{EPISODE}/long/long-form_1x03_Inside_Track_full.mkv",
    f"{EPISODE}/long/long-form_1x03_Inside_Track_full.meta.json",
    f"{EPISODE}/expressions/long-form_1x03.mkv",
    f"{EPISODE}/llm_responses/chunk_1.txt",
    "output/Suits/S01E01/expressions.json",
    "output/Suits/S01E01/processing_log_20260101_120000.txt",
    "output/Suits/S01E01/llm_responses/expressions/a.mkv",
    f"{EPISODE}/long/episode_final.mkv",
    f"{EPISODE}/expressions/educational_get_cold_feet.mkv",
    f"{EPISODE}/shorts/movie.mkv",
]


def selects(rule: Rule, path: str) -> bool:
    """Whether the patterns of a rule select a path."""
    match, exclude = rule.files.match, rule.files.exclude
    if match is None or match.match(RelPath(path)) is None:
        return False
    return exclude is None or exclude.match(RelPath(path)) is None


@pytest.fixture(scope="module")
def shipped() -> PolicySet:
    """The shipped policies."""
    return load_policies([shipped_folder()])


@pytest.fixture(scope="module")
def legacy() -> PolicySet:
    """The shipped policies for a tree without manifests."""
    return load_policies([legacy_folder()])


@pytest.mark.parametrize("folders", [[shipped_folder()], [legacy_folder()], [shipped_folder(), legacy_folder()]])
def test_the_shipped_policies_load_without_a_finding(folders: list[str]) -> None:
    """Each folder alone, and both together: no error, no warning."""
    checked = check_folders(folders)
    assert checked.diagnostics == ()
    assert checked.policies is not None
    assert lint(checked.policies, checked.sources) == ()


def test_each_file_begins_with_the_schema_that_completes_it() -> None:
    """The path in the first line leads to the schema of the file's kind."""
    found = sorted(Path(shipped_folder()).rglob("*.yaml"))
    assert len(found) >= 10
    for path in found:
        first, text = path.read_text(encoding="utf-8").split("\n", 1)
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert named != first
        assert os.path.isfile(path.parent / named)
        assert f"\nkind: {os.path.basename(named).partition('.')[0]}\n" in text


def test_every_shipped_job_type_has_a_layout_that_holds_deliverables_apart(shipped: PolicySet) -> None:
    """Scratch is a temporary of each job; the video and its metadata lie in one directory, where the reader looks."""
    types = (JobType.SHORT_FORM, JobType.LONG_FORM, JobType.EXPRESSION_ONLY, JobType.SLIDES_ONLY)
    assert set(shipped.layouts) == set(types)
    for layout in shipped.layouts.values():
        video, metadata = layout.holder(FileType.FINAL_VIDEO), layout.holder(FileType("video_metadata"))
        assert video is not None
        assert video == metadata
        assert video.place is Place.OUTPUT
        catch_all = layout.catch_all()
        assert catch_all is not None
        assert catch_all.key == "temp"
        for temporary in (FileType.TEMP_SLIDE, FileType.TEMP_VIDEO, FileType.TEMP_AUDIO, FileType.TEMP_SUBTITLE):
            assert (layout.holder(temporary) or catch_all).place is Place.WORKSPACE


@pytest.mark.parametrize(
    ("job_type", "directory", "beginning"),
    [("short_form", "shorts", "short-form_"), ("long_form", "long", "long-form_")],
)
def test_the_uploader_finds_its_files(shipped: PolicySet, job_type: str, directory: str, beginning: str) -> None:
    """It globs `shorts/short-form_*.mkv` and `long/long-form_*.mkv`."""
    layout = shipped.layouts[JobType(job_type)]
    holder, name = layout.holder(FileType.FINAL_VIDEO), layout.name_for(FileType.FINAL_VIDEO)
    assert holder is not None
    assert name is not None
    assert holder.name == directory
    values: dict[str, str | int] = {"series": "Suits", "episode": "S01E01", "index": 7, "suffix": ".mkv"}
    assert name.fill(values).startswith(beginning)
    assert name.fill(values).endswith("_007.mkv")
    assert layout.aliases[0].path.text == f"output/{{series}}/{{episode}}/translations/{{language}}/{directory}"


def test_no_shipped_name_takes_an_intermediate_for_a_deliverable(shipped: PolicySet) -> None:
    """An untracked file that fits an output name counts as a deliverable, so a name of fields alone would keep all."""
    templates = [template for layout in shipped.layouts.values() for _, template in layout.names]
    names = {path.rpartition("/")[2] for path in INTERMEDIATES}
    assert [name for name in sorted(names) if any(template.fits(name) for template in templates)] == []


def test_no_shipped_rule_carries_out_the_removal_of_a_deliverable(shipped: PolicySet, legacy: PolicySet) -> None:
    """What reaches deliverables only reports."""
    reaching = [rule for policies in (shipped, legacy) for rule in policies.removal_rules if rule.deliverables]
    assert [rule.name for rule in reaching] == ["older-renders"]
    assert all(rule.report_only for rule in reaching)


def test_legacy_takes_every_intermediate_of_the_pipeline(legacy: PolicySet) -> None:
    """Each by exactly one rule, so that nothing waits for another rule, and none is kept."""
    for path in INTERMEDIATES:
        assert len([rule.name for rule in legacy.removal_rules if selects(rule, path)]) == 1, path
        assert [rule.name for rule in legacy.keep_rules if selects(rule, path)] == [], path


def test_legacy_never_takes_a_deliverable(legacy: PolicySet) -> None:
    """What is read, uploaded or counted is kept by a rule or selected by none."""
    for path in DELIVERABLES:
        taken = [rule.name for rule in legacy.removal_rules if selects(rule, path)]
        assert not taken or any(selects(rule, path) for rule in legacy.keep_rules), path


def test_legacy_is_careful(legacy: PolicySet) -> None:
    """Only untracked files, only to the trash, only after a week; the share of untracked files is not limited."""
    for rule in legacy.removal_rules:
        assert (rule.files.tracked, rule.action) == (Tracked.UNTRACKED, "trash")
        assert rule.after is not None
        assert (rule.after.always or 0) >= 7 * DAY
    assert legacy.settings.limits.untracked_share is None
    assert legacy.settings.limits.files == 100_000


def test_the_folder_inside_the_package_wins(tmp_path: Path) -> None:
    """A wheel carries the policies in the package; an editable install has them beside it."""
    package = tmp_path / "rules_engine"
    package.mkdir()
    assert shipped_folder(str(package)) == str(tmp_path / "policies")
    (package / "_policies").mkdir()
    assert shipped_folder(str(package)) == str(package / "_policies")
    assert legacy_folder(str(package)) == str(package / "_policies" / "legacy")


def test_starter_policies_load_without_a_finding_and_delete_nothing() -> None:
    """A newcomer's first plan is by trash, and failed jobs are preserved for two weeks."""
    texts = {f"/p/{name}": text for name, text in STARTER_POLICIES.items()}
    policies = load_texts(texts)
    assert lint(policies, texts) == ()
    assert {rule.action for rule in policies.removal_rules} == {"trash"}
    assert policies.settings.cleanup.preserve_on_failure == 14 * DAY


@pytest.mark.parametrize("folders", [[shipped_folder()], [legacy_folder()], [shipped_folder(), legacy_folder()]])
def test_the_shipped_guarantees_hold(folders: list[str]) -> None:
    """Each is proved of each folder alone, and of both together, and none of them is about nothing."""
    policies = load_policies(folders)
    answers = hold(policies, policies.guarantees)
    assert len(answers) >= 3
    assert [one.guarantee.name for one in answers if not (isinstance(one, Proved) and one.kinds)] == []


def test_the_starter_guarantees_hold() -> None:
    """Whoever begins with them sees a check that passes."""
    policies = load_texts({f"/p/{name}": text for name, text in STARTER_POLICIES.items()})
    answers = hold(policies, policies.guarantees)
    assert [(one.guarantee.name, isinstance(one, Proved) and one.kinds > 0) for one in answers] == [
        ("a-week-without-an-owner", True),
        ("finished-videos", True),
        ("two-weeks-after-a-failure", True),
    ]


def test_starter_files_load_from_a_folder_beside_their_schemas(tmp_path: Path) -> None:
    """Everything that is written can be loaded, and each first line names a file that is written too."""
    files = starter_files()
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert set(load_policies([str(tmp_path)]).layouts) == {"render"}
    for text in (*STARTER_POLICIES.values(), files["cleanup.cases.yaml"]):
        assert text.split("\n", 1)[0].partition("$schema=")[2] in files
