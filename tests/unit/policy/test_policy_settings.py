"""Settings: every default, every key, later folders, the root, and the debug mode of the environment."""

from pathlib import Path

import pytest

from rules_engine.policy.load import check_texts, load_policies, load_texts
from rules_engine.policy.model import AtFinish, Limits, Retry, Settings, TrashEmptying
from rules_engine.values.quantities import DAY, FOREVER, HOUR, SECOND
from rules_engine.values.vocabulary import DEFAULT_CLEANUP, FileType

HEAD = "version: 1\nkind: settings\n"
KEEP = "version: 1\nkind: cleanup\nrules:\n  - {name: a, action: keep}\n"
LAYOUT = (Path(__file__).parents[2] / "cases" / "diagnostics" / "shared" / "short_form.yaml").read_text("utf-8")


def _settings(text: str) -> Settings:
    return load_texts({"policies/settings.yaml": HEAD + text, "policies/l.yaml": LAYOUT}, base="/srv").settings


def test_without_a_settings_policy_all_defaults_hold() -> None:
    """The defaults are those of the models, and nothing claims to have set them."""
    assert load_texts({"a.yaml": KEEP}).settings == Settings()


def test_a_settings_policy_without_keys_changes_nothing() -> None:
    """Version and kind are no settings."""
    assert _settings("description: none\n") == Settings()


def test_every_key_of_the_settings_arrives() -> None:
    """A settings policy that says everything is loaded with everything."""
    found = _settings("""
root: media
debug: true
cleanup: {enabled: false, retention: 48h, preserve_on_failure: 3d, file_types: [temp_audio],
          debug_mode_disables: false, at_finish: nothing}
limits: {files: 10, bytes: 2GB, untracked_share: 20%, plan_age: 1d}
retry: {attempts: 2, first_wait: 10ms, longest_wait: 1s}
trash: {keep: 30d, empty: manually}
keep_markers: [".zz", ".keep"]
state: {keep: 10d}
permissions: {open_parents: true}
""")
    assert (found.root, found.debug, found.at_finish) == ("/srv/media", True, AtFinish.NOTHING)
    assert (found.cleanup.enabled, found.cleanup.debug_mode_disables) == (False, False)
    assert (found.cleanup.retention, found.cleanup.preserve_on_failure) == (48 * HOUR, 3 * DAY)
    assert found.cleanup.file_types == {FileType.TEMP_AUDIO}
    assert found.limits == Limits(10, 2 * 10**9, 20, DAY)
    assert found.retry == Retry(2, SECOND // 100, SECOND)
    assert (found.trash_keep, found.trash_empty) == (30 * DAY, TrashEmptying.MANUALLY)
    assert (found.keep_markers, found.state_keep) == ((".keep", ".zz"), 10 * DAY)
    assert found.open_parents


def test_each_key_that_was_set_says_where() -> None:
    """An origin spans the key and its value; a default has none."""
    origins = _settings("cleanup: {retention: 48h}\nroot: x\n").origins
    assert [(key, str(span), span.end_column) for key, span in origins.items()] == [
        ("cleanup.retention", "policies/settings.yaml:3:11", 25),
        ("root", "policies/settings.yaml:4:1", 8),
    ]


@pytest.mark.parametrize(("word", "wait"), [("true", FOREVER), ("false", 0), ("14d", 14 * DAY)])
def test_preserving_failures_is_always_never_or_a_duration(word: str, wait: int) -> None:
    """The seed's boolean and a duration are both read."""
    assert _settings(f"cleanup: {{preserve_on_failure: {word}}}\n").cleanup.preserve_on_failure == wait


def test_unlimited_lifts_a_limit() -> None:
    """The word stands for no limit."""
    text = "limits: {files: unlimited, bytes: unlimited, untracked_share: unlimited, plan_age: unlimited}\n"
    assert _settings(text).limits == Limits(None, None, None, None)


def test_zero_allows_nothing() -> None:
    """Zero is a limit, and not the absence of one."""
    text = "limits: {files: 0, bytes: 0, untracked_share: 0, plan_age: 0}\n"
    assert _settings(text).limits == Limits(0, 0, 0, 0)
    assert _settings("limits: {untracked_share: 0%}\n").limits.untracked_share == 0


def test_a_later_folder_wins_key_by_key(tmp_path: Path) -> None:
    """What the later folder does not say stays as the earlier one said it."""
    for name, text in (
        ("one", "cleanup: {retention: 1h, enabled: false}\nroot: a\n"),
        ("two", "cleanup: {retention: 2h}\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.yaml").write_text(HEAD + text)
    found = load_policies([str(tmp_path / "one"), str(tmp_path / "two")]).settings
    assert (found.cleanup.retention, found.cleanup.enabled) == (2 * HOUR, False)
    assert found.origins["cleanup.retention"].file == f"{tmp_path}/two/settings.yaml"
    assert found.root == f"{tmp_path}/a"
    swapped = load_policies([str(tmp_path / "two"), str(tmp_path / "one")]).settings
    assert swapped.cleanup.retention == HOUR


def test_the_root_is_found_from_the_directory_that_holds_the_policy_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current directory decides nothing, also where the folder is given relative to it."""
    (tmp_path / "project" / "policies").mkdir(parents=True)
    (tmp_path / "project" / "policies" / "settings.yaml").write_text(HEAD + "root: ../media/\n")
    monkeypatch.chdir(tmp_path / "project" / "policies")
    for folder in (".", "../policies", f"{tmp_path}/project/policies/"):
        assert load_policies([folder]).settings.root == f"{tmp_path}/media"


def test_an_absolute_root_stays_as_it_is() -> None:
    """A root elsewhere on the host is written in full."""
    assert _settings("root: /mnt/media\n").root == "/mnt/media"


def test_the_environment_turns_debug_on_and_off(tmp_path: Path) -> None:
    """`RULES_DEBUG=1` does what `debug: true` does, `0` what `false` does; nothing is read from the process itself."""
    (tmp_path / "settings.yaml").write_text(HEAD + "debug: false\n")
    assert load_policies([str(tmp_path)], environment={"RULES_DEBUG": "1"}).settings.debug
    assert not load_policies([str(tmp_path)], environment={"RULES_DEBUG": "0"}).settings.debug
    (tmp_path / "settings.yaml").write_text(HEAD + "debug: true\n")
    assert not load_policies([str(tmp_path)], environment={"RULES_DEBUG": "0"}).settings.debug
    assert load_policies([str(tmp_path)], environment={"RULES_DEBUG": ""}).settings.debug


def test_the_cleanup_defaults_are_those_of_the_seed() -> None:
    """Every option falls back to its default."""
    assert _settings("debug: false\n").cleanup == DEFAULT_CLEANUP


def test_two_settings_in_one_file_name_are_kept_apart_by_folder() -> None:
    """One settings policy a folder: of two folders both are read."""
    texts = {"one/settings.yaml": HEAD + "debug: true\n", "two/settings.yaml": HEAD + "state: {keep: 1d}\n"}
    checked = check_texts(texts)
    assert checked.diagnostics == ()
    assert checked.policies is not None
    assert (checked.policies.settings.debug, checked.policies.settings.state_keep) == (True, DAY)
