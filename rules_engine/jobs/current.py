"""What every component is given to know the policies by: a set, or what returns the present one."""

from collections.abc import Callable
from typing import TypeAlias

from rules_engine.policy.model import PolicySet

Policies: TypeAlias = PolicySet | Callable[[], PolicySet]
"""A policy set that never changes, or the call that returns the present one, such as `configuration.policies`."""


def current(policies: Policies) -> PolicySet:
    """The present policies; asked once by a call, so that policies which change meanwhile are those of the next."""
    return policies if isinstance(policies, PolicySet) else policies()
