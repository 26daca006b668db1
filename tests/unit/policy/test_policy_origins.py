"""Every setting with its value, its origin and what the origin overruled."""

import json

from rules_engine.policy.load import check_texts, load_texts
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.policy.origins import DEFAULTS, settings_with_origins
from rules_engine.policy.schema import schema_text

HEAD = "version: 1\nkind: settings\n"


def load(*texts: str, **environment: str) -> PolicySet:
    """The policies of these settings, each in a folder of its own, a to z."""
    files = {f"{chr(ord('a') + at)}/settings.yaml": HEAD + text for at, text in enumerate(texts)}
    found = check_texts(files, base="/srv", environment=environment)
    assert found.policies is not None
    return found.policies


def shown(policies: PolicySet, key: str) -> list[str]:
    """Value, origin, and then each overruled value with its origin."""
    one = next(one for one in settings_with_origins(policies.settings) if one.key == key)
    origin = one.said.where if one.said is not None else "default"
    return [f"{one.value} {origin}", *(f"{said.value} {said.where}" for said in one.overruled)]


def test_every_setting_is_there_in_the_order_of_the_schema() -> None:
    """No setting is left out, and without a policy each is a default."""
    found = settings_with_origins(Settings())
    groups = [one.key.partition(".")[0] for one in found]
    properties = json.loads(schema_text("settings"))["properties"]
    assert list(dict.fromkeys(groups)) == [key for key in properties if key not in {"version", "kind", "description"}]
    assert {one.key: one.value for one in found} == DEFAULTS
    assert all(one.said is None and one.overruled == () for one in found)


def test_the_defaults_are_those_that_hold() -> None:
    """Written out in a policy they change nothing."""
    groups: dict[str, dict[str, str]] = {}
    for key, text in DEFAULTS.items():
        if key not in {"root", "cleanup.file_types"}:
            group, _, name = key.rpartition(".")
            groups.setdefault(group, {})[name] = text
    lines = [f"{key}: {text}" for key, text in groups.pop("").items()]
    lines += [
        f"{group}: {{{', '.join(f'{key}: {text}' for key, text in keys.items())}}}" for group, keys in groups.items()
    ]
    said = load("\n".join(lines)).settings
    assert len(said.written) == len(DEFAULTS) - 2
    assert load_texts({"a/settings.yaml": HEAD}).settings == Settings()
    for name in Settings.__dataclass_fields__:
        if name not in {"origins", "written"}:
            assert getattr(said, name) == getattr(Settings(), name)


def test_a_later_folder_wins_key_by_key_and_names_what_it_overruled() -> None:
    """What the later one does not say stays as the earlier one said."""
    policies = load("cleanup:\n  retention: 24h\n  enabled: false\n", "cleanup: {retention: 12h}\n")
    assert shown(policies, "cleanup.retention") == ["12h b/settings.yaml:3", "24h a/settings.yaml:4"]
    assert shown(policies, "cleanup.enabled") == ["false a/settings.yaml:5"]


def test_the_environment_wins_and_is_named_by_its_variable() -> None:
    """All that it overrules is named, in the order in which it was read."""
    policies = load("debug: false\n", "debug: false\n", RULES_DEBUG="1", RULES_KEEP_MARKERS="x,y")
    assert shown(policies, "debug") == ["true RULES_DEBUG", "false a/settings.yaml:3", "false b/settings.yaml:3"]
    assert shown(policies, "keep_markers") == ["[x, y] RULES_KEEP_MARKERS"]


def test_the_root_is_shown_as_the_path_that_it_means() -> None:
    """What it overrules is shown as it is written."""
    assert shown(load("root: media\n"), "root") == ["/srv/media a/settings.yaml:3"]
    policies = load("root: media\n", "root: ../other\n")
    assert shown(policies, "root") == ["/other b/settings.yaml:3", "media a/settings.yaml:3"]


def test_where_a_setting_is_written_decides_nothing() -> None:
    """Two sets that say the same have one digest, however many folders they took."""
    assert load("debug: true\n").digest == load("debug: false\n", "debug: true\n").digest
