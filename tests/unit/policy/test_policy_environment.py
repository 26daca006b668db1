"""Settings from the environment: each key has its variable, each variable is checked as the key is."""

import json
from collections.abc import Mapping
from pathlib import Path

from rules_engine.policy.environment import variables
from rules_engine.policy.load import check_folders, check_texts, load_policies
from rules_engine.policy.model import AskInUse, AtFinish, Settings, TrashEmptying
from rules_engine.policy.render import render_all
from rules_engine.policy.schema import schema_text
from rules_engine.policy.shipped import shipped_folder
from rules_engine.values.quantities import DAY, FOREVER, HOUR, SECOND
from rules_engine.values.vocabulary import FileType

SHIPPED = [shipped_folder()]
PAGE = Path(__file__).parents[3] / "docs" / "policies.md"


def _settings(**environment: str) -> Settings:
    """The settings of the folder that ships, in this environment."""
    return load_policies(SHIPPED, environment=environment).settings


def _problems(environment: Mapping[str, str]) -> str:
    checked = check_folders(SHIPPED, environment=environment)
    assert checked.policies is None
    return render_all(checked.diagnostics, checked.sources)


def test_every_key_of_the_settings_has_its_variable() -> None:
    """The name is the dotted key in capitals; the page of settings shows the key, and says so."""
    schema = json.loads(schema_text("settings"))["properties"]
    keys = {key for key, value in schema.items() if key not in {"version", "kind", "description"}}
    assert {key.partition(".")[0] for key in variables().values()} == keys
    assert all(name == f"RULES_{key.replace('.', '_').upper()}" for name, key in variables().items())
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{key}`" in page for key in variables().values())


def test_every_variable_sets_its_key() -> None:
    """Together they set everything, whatever the policies say."""
    found = _settings(
        RULES_ROOT="/srv/media/",
        RULES_DEBUG="1",
        RULES_CLEANUP_ENABLED="false",
        RULES_CLEANUP_RETENTION="12h",
        RULES_CLEANUP_PRESERVE_ON_FAILURE="13d",
        RULES_CLEANUP_FILE_TYPES="temp_slide, temp_video,temp_subtitle,temp_audio,temp_expression",
        RULES_CLEANUP_DEBUG_MODE_DISABLES="no",
        RULES_CLEANUP_AT_FINISH="nothing",
        RULES_LIMITS_FILES="5",
        RULES_LIMITS_BYTES="2GiB",
        RULES_LIMITS_UNTRACKED_SHARE="10%",
        RULES_LIMITS_PLAN_AGE="unlimited",
        RULES_RETRY_ATTEMPTS="2",
        RULES_RETRY_FIRST_WAIT="1s",
        RULES_RETRY_LONGEST_WAIT="3s",
        RULES_TRASH_KEEP="1d",
        RULES_TRASH_EMPTY="manually",
        RULES_KEEP_MARKERS=".hold, .stay",
        RULES_STATE_KEEP="9d",
        RULES_PERMISSIONS_OPEN_PARENTS="yes",
        RULES_IN_USE="strict",
    )
    assert (found.root, found.debug, found.at_finish) == ("/srv/media", True, AtFinish.NOTHING)
    assert (found.cleanup.enabled, found.cleanup.debug_mode_disables) == (False, False)
    assert (found.cleanup.retention, found.cleanup.preserve_on_failure) == (12 * HOUR, 13 * DAY)
    assert FileType.TEMP_EXPRESSION in (found.cleanup.file_types or ())
    assert (found.limits.files, found.limits.bytes, found.limits.untracked_share) == (5, 2 * 2**30, 10)
    assert found.limits.plan_age is None
    assert (found.retry.attempts, found.retry.first_wait, found.retry.longest_wait) == (2, SECOND, 3 * SECOND)
    assert (found.trash_keep, found.trash_empty) == (DAY, TrashEmptying.MANUALLY)
    assert (found.keep_markers, found.state_keep, found.open_parents) == ((".hold", ".stay"), 9 * DAY, True)
    assert found.in_use is AskInUse.STRICT
    assert {span.file for span in found.origins.values()} == variables().keys()


def test_what_no_variable_says_stays_as_the_policies_have_it() -> None:
    """An empty variable says nothing; those that a job finds in its environment are no settings."""
    plain = _settings()
    assert _settings(RULES_CLEANUP_RETENTION="", RULES_JOB_ID="a", RULES_WORKSPACE="/w", PATH="/bin") == plain
    assert _settings(RULES_TRASH_KEEP="1d").cleanup == plain.cleanup


def test_preserve_on_failure_is_a_word_or_a_duration() -> None:
    """As in a policy: true is for ever."""
    texts = {"p/settings.yaml": "version: 1\nkind: settings\n"}
    for text, wait in (("true", FOREVER), ("1", FOREVER), ("off", 0), ("0", 0), ("3d", 3 * DAY)):
        checked = check_texts(texts, environment={"RULES_CLEANUP_PRESERVE_ON_FAILURE": text})
        assert checked.policies is not None
        assert checked.policies.settings.cleanup.preserve_on_failure == wait


def test_an_invalid_value_names_its_variable() -> None:
    """Each is a finding of its own, with the value shown and what to write."""
    found = _problems({"RULES_CLEANUP_RETENTION": "12", "RULES_CLEANUP_ENABLED": "maybe", "RULES_STATE_KEEP": "7 dayz"})
    assert (
        found
        == """\
RULES_CLEANUP_ENABLED:1:1: error[P303]: `enabled` is the text `maybe`, and not `true` or `false`
  1 | maybe
    | ^^^^^
  help: write `true` or `false`, without quotes

RULES_CLEANUP_RETENTION:1:1: error[P303]: `retention` is 12, a number without a unit
  1 | 12
    | ^^
  help: write a unit, such as `12d` or `24h`

RULES_STATE_KEEP:1:1: error[P305]: `keep` is `7 dayz`, which is not a duration
  1 | 7 dayz
    | ^^^^^^
  help: write numbers with units, such as `90m`, `24h`, `7d` or `1d12h`"""
    )


def test_a_misspelt_variable_is_an_error() -> None:
    """A limit that nobody reads would be no limit."""
    assert "RULES_LIMITS_FILE:1:1: error[P301]: `RULES_LIMITS_FILE` sets nothing" in (
        found := _problems({"RULES_LIMITS_FILE": "7"})
    )
    assert "help: did you mean `RULES_LIMITS_FILES`?" in found


def test_a_root_of_the_environment_is_absolute() -> None:
    """There is no policy folder that it could be relative to."""
    assert "RULES_ROOT:1:1: error[P426]: the root `media` is not absolute" in _problems({"RULES_ROOT": "media"})


def test_a_variable_never_stops_a_rule_in_silence() -> None:
    """A shield of the environment that holds a rule back for ever is the error that one of a policy is."""
    found = _problems({"RULES_CLEANUP_PRESERVE_ON_FAILURE": "true"})
    assert "error[P423]: rule `intermediates` names failed jobs after 14d, but would never act on them" in found
    assert "see RULES_CLEANUP_PRESERVE_ON_FAILURE:1:1: `preserve_on_failure` is set here" in found


def test_the_environment_is_not_among_the_texts_of_the_policies() -> None:
    """Whoever loads the texts again has an environment of their own."""
    found = load_policies(SHIPPED, environment={"RULES_STATE_KEEP": "9d"})
    assert not any("RULES_" in name for name in found.sources)
