"""Every setting with its value as a policy writes it, and where that was said."""

from collections.abc import Mapping
from typing import Final

import msgspec

from rules_engine.policy.environment import variables
from rules_engine.policy.model import Settings
from rules_engine.values.diagnostics import Span

DEFAULTS: Final[Mapping[str, str]] = {
    "root": "none",
    "debug": "false",
    "cleanup.enabled": "true",
    "cleanup.retention": "24h",
    "cleanup.preserve_on_failure": "true",
    "cleanup.file_types": "all",
    "cleanup.debug_mode_disables": "true",
    "cleanup.at_finish": "due",
    "limits.files": "100000",
    "limits.bytes": "1TiB",
    "limits.untracked_share": "50%",
    "limits.plan_age": "7d",
    "retry.attempts": "4",
    "retry.first_wait": "50ms",
    "retry.longest_wait": "2s",
    "trash.keep": "7d",
    "trash.empty": "with_apply",
    "keep_markers": "[.rules-keep]",
    "state.keep": "90d",
    "in_use": "auto",
    "permissions.open_parents": "false",
}
"""Dotted key → the default; of `root` and `cleanup.file_types` in a word that no policy writes."""


class Said(msgspec.Struct, frozen=True):
    """One place that sets a setting, and the value there."""

    value: str
    span: Span
    variable: str | None
    """The variable of the environment, where that is the place."""

    @property
    def where(self) -> str:
        """The variable, else file and line."""
        return self.variable or f"{self.span.file}:{self.span.line}"


class Setting(msgspec.Struct, frozen=True):
    """One setting: its value, who said it, and who said something else before."""

    key: str
    value: str
    said: Said | None
    """None is the default."""
    overruled: tuple[Said, ...] = ()
    """In the order in which they were read."""


def settings_with_origins(settings: Settings) -> tuple[Setting, ...]:
    """Every setting, in the order of the schema."""
    names = variables()
    return tuple(_setting(key, settings, names) for key in names.values())


def _setting(key: str, settings: Settings, names: Mapping[str, str]) -> Setting:
    said = [Said(text, span, span.file if span.file in names else None) for span, text in settings.written.get(key, ())]
    if not said:
        return Setting(key, DEFAULTS[key], None)
    # The one setting that is more than its text: it is read from the directory that holds the policy folder.
    value = settings.root if key == "root" and settings.root is not None else said[-1].value
    return Setting(key, value, said[-1], tuple(said[:-1]))
