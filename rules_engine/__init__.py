"""The declarative life of the files that pipelines leave behind."""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "apply.applying": ("apply_plan",),
    "apply.model": ("HandedOver", "InterruptedRunError", "RunResult", "StalePlanError"),
    "errors": (
        "ExitCode",
        "InvalidValueError",
        "LockedError",
        "RefusedError",
        "RulesError",
        "UntrustedStateError",
    ),
    "filesystem.clock": ("SystemClock",),
    "filesystem.root": ("Root",),
    "jobs.cleanup": ("CleanupService",),
    "jobs.configuration": ("ConfigurationManager",),
    "jobs.directories": ("DirectoryManager",),
    "jobs.job": ("Job",),
    "jobs.lifecycle": ("DirectoryNotMadeError",),
    "jobs.manager": ("JobManager",),
    "jobs.models": (
        "CleanupPolicy",
        "CleanupResult",
        "DirectoryStructure",
        "InvalidModelError",
        "JobContext",
        "JobManifest",
    ),
    "jobs.pinning": ("NotPinnedError",),
    "jobs.planning": ("NoRootNamedError", "survey"),
    "jobs.publishing": ("NotPublishedError", "OutputTakenError"),
    "jobs.running": ("NotOursError",),
    "jobs.starting": ("NoLayoutError",),
    "jobs.tracker": ("ManifestTracker",),
    "manifest.errors": ("ForeignPathError", "JobError", "JobFinishedError", "JobRunningError", "UnknownJobError"),
    "plan.model": ("Plan",),
    "plan.planfile": ("PlanFileError",),
    "plan.planner": ("make_plan",),
    "policy.load": ("PolicyError", "load_policies"),
    "policy.model": ("PolicySet",),
    "policy.patterns": ("PatternError",),
    "values.vocabulary": ("DirectoryType", "FileType", "JobStatus", "JobType"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

# Type checkers read `__init__.pyi`, which has the same names.
__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604 - from the one table, so that it cannot differ from it


def __getattr__(name: str) -> Any:
    """Find a public name where it lives; only then is that imported, so that `rules --version` stays fast."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module `rules_engine` has no attribute `{name}`")
    found = getattr(importlib.import_module(f"rules_engine.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
