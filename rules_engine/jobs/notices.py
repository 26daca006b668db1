"""What a pipeline subscribes to: steps that permissions forbid, told as they are recorded."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from rules_engine.apply.model import Event, HandedOver

OnNotice: TypeAlias = Callable[[HandedOver], None]
"""Called with each step that another user has to carry out."""


def listener(on_notice: OnNotice | None, logger: logging.Logger) -> Callable[[Event], None]:
    """A listener of runs that passes on what is handed over, and logs it where nobody subscribed."""

    def hear(event: Event) -> None:
        if not isinstance(event, HandedOver):
            return
        noted = event.noted
        if on_notice is None:
            logger.warning("another user has to %s `%s`: %s", noted.action.value, noted.path, noted.cause)
            return
        try:
            on_notice(event)
        except Exception:
            # A subscriber that fails must not stop a run half-way.
            logger.exception("the subscriber of notices failed on `%s`", noted.path)

    return hear
