"""ConfigurationManager: the present policies; a change is taken up between runs, once it stands still and is valid."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec.structs import replace as with_fields

from rules_engine.errors import InvalidValueError
from rules_engine.filesystem.clock import SystemClock
from rules_engine.jobs.models import CleanupPolicy
from rules_engine.policy.environment import variables
from rules_engine.policy.load import Checked, PolicyError, Reading, check_reading, check_texts, read_policies
from rules_engine.policy.model import PolicySet, Settings
from rules_engine.policy.render import render
from rules_engine.values.clock import Clock
from rules_engine.values.quantities import SECOND
from rules_engine.values.text import escape

_LOOK_EVERY: Final = 2 * SECOND
"""How long a look at the folders counts as the present."""

_PAUSE_S: Final = 0.25
_MOST_READINGS: Final = 8
_ALL_DEFAULTS: Final = {"defaults/settings.yaml": "version: 1\nkind: settings\n"}


class ConfigurationManager:
    """The policies that hold now: those of the folders, under the `RULES_*` variables of the environment.

    Whoever runs something asks once and keeps the answer until it is done; so a change never comes within a run.
    A changed folder is taken when two readings of it agree: half of a deployment is nobody's policy. A change that is
    invalid is logged, stands in `problems`, and leaves what held before. Without a folder all defaults hold.
    """

    def __init__(
        self,
        folders: Sequence[str | os.PathLike[str]] | str | os.PathLike[str] = (),
        clock: Clock | None = None,
        *,
        logger: logging.Logger | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Load and check the policies.

        Raises:
            PolicyError: when they are invalid; there is nothing yet that could hold instead.
        """
        several = (folders,) if isinstance(folders, str | os.PathLike) else folders
        # Absolute at once: nobody's change of the current directory is a change of the policies.
        self._folders = tuple(os.path.abspath(os.fspath(one)) for one in several)
        self._clock = clock or SystemClock()
        self._logger = logger or logging.getLogger("rules_engine.configuration")
        self._environment = os.environ if environment is None else environment
        self._changing = threading.Lock()
        self._judged = self._read()
        checked = self._check(self._judged)
        if checked.policies is None:
            raise PolicyError(checked.diagnostics, checked.sources)
        self._policies = checked.policies
        self._verdict: tuple[str, ...] = ()
        """What is wrong with the reading that was judged last."""
        self._problems: tuple[str, ...] = self._verdict
        self._looked = self._clock.now()

    def policies(self) -> PolicySet:
        """The policies that hold now; looks at the folders every few seconds at most."""
        now = self._clock.now()
        # Whoever comes while somebody else takes up a change goes on with what held before.
        if not 0 <= now - self._looked < _LOOK_EVERY and self._changing.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._changing.release()
        return self._policies

    def reload(self) -> bool:
        """Look at the folders and the environment now; whether what they say holds."""
        with self._changing:
            return self._look(environment_too=True)

    @property
    def settings(self) -> Settings:
        """The settings that hold now; what nobody set has its default."""
        return self.policies().settings

    @property
    def cleanup_policy(self) -> CleanupPolicy:
        """The cleanup settings that hold now, for jobs that bring none of their own."""
        return CleanupPolicy.from_values(self.settings.cleanup)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the newest change does not hold, each with its place; empty where it does."""
        return self._problems

    def origin_of(self, key: str) -> str:
        """Where a setting such as `cleanup.retention` was set: file and line, or variable; else `default`.

        Raises:
            InvalidValueError: when there is no such setting.
        """
        if key not in variables().values():
            raise InvalidValueError("setting", escape(key), "is none; the page of settings lists them")
        span = self.settings.origins.get(key)
        if span is None:
            return "default"
        return span.file if span.file in variables() else str(span)

    def _look(self, *, environment_too: bool = False) -> bool:
        reading = self._read()
        self._looked = self._clock.now()
        if reading == self._judged and not environment_too:
            self._problems = self._verdict
            return not self._problems
        still = self._stands_still(reading)
        self._looked = self._clock.now()
        if still is None:
            self._say(("the policy folders change all the time",))
        else:
            self._take(still)
        return not self._problems

    def _stands_still(self, reading: Reading) -> Reading | None:
        """The first reading that the next one agrees with; None where none of several does."""
        for _ in range(_MOST_READINGS):
            self._clock.sleep(_PAUSE_S)
            again = self._read()
            if again == reading:
                return again
            reading = again
        return None

    def _take(self, reading: Reading) -> None:
        self._judged = reading
        checked = self._check(reading)
        self._verdict = tuple(render(one, checked.sources) for one in checked.diagnostics)
        self._say(self._verdict)
        if checked.policies is None:
            return
        if checked.policies.digest != self._policies.digest:
            self._logger.info("the policies changed: %s now holds", checked.policies.digest[:12])
        self._policies = checked.policies

    def _say(self, problems: tuple[str, ...]) -> None:
        if problems and problems != self._problems:
            text = "\n\n".join(problems)
            self._logger.error("changed policies cannot be used, and those of before still hold:\n%s", text)
        self._problems = problems

    def _read(self) -> Reading:
        return read_policies(self._folders) if self._folders else Reading((), (), ())

    def _check(self, reading: Reading) -> Checked:
        environment = dict(self._environment)
        if self._folders:
            return check_reading(reading, environment=environment)
        checked = check_texts(_ALL_DEFAULTS, environment=environment)
        if checked.policies is None:
            return checked
        return with_fields(checked, policies=replace(checked.policies, folders=()))
