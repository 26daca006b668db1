"""What a pipeline subscribes to: steps that permissions forbid, told as they are recorded."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from rules_engine.apply.applying import nobody
from rules_engine.apply.model import Event, HandedOver
from rules_engine.values.text import escape

OnNotice: TypeAlias = Callable[[HandedOver], None]
"""Called with each step that another user has to carry out."""


def listener(
    on_notice: OnNotice | None, logger: logging.Logger, *, also: Callable[[Event], None] = nobody
) -> Callable[[Event], None]:
    """A listener of runs that tells `also` everything, and a subscriber what is handed over."""
    if on_notice is None:
        return also

    def hear(event: Event) -> None:
        also(event)
        if isinstance(event, HandedOver):
            try:
                on_notice(event)
            except Exception:
                # A subscriber that fails must not stop a run half-way.
                logger.exception("the subscriber of notices failed on `%s`", escape(event.noted.path))

    return hear
