"""Errors cross process pools: each of the package's, found by walking it, comes back with its text and exit code."""

import importlib
import inspect
import pickle
import pkgutil
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import rules_engine
from rules_engine.errors import ExitCode, RulesError
from rules_engine.values.diagnostics import Diagnostic, Span

SPAN = Span("policies/cleanup.yaml", 6, 16, 6, 22)
FINDING = Diagnostic("P003", "retention `7 dayz` is not a duration", SPAN, "write a number and a unit, such as `7d`")
SAMPLES: dict[Any, Any] = {
    str: "scratch/ü\udcff",
    int: 3,
    float: 1.5,
    bool: True,
    bytes: b"\xff",
    Diagnostic: FINDING,
    Span: SPAN,
    BaseException: OSError(5, "input/output error"),
    OSError: OSError(5, "input/output error"),
}


def classes() -> list[type[RulesError]]:
    """Every error class of the package, each once."""
    for module in pkgutil.walk_packages(rules_engine.__path__, "rules_engine."):
        if not module.name.endswith("__main__"):  # importing it runs the program
            importlib.import_module(module.name)
    found: list[type[RulesError]] = [RulesError]
    for one in found:
        found += [sub for sub in one.__subclasses__() if sub not in found]
    return sorted(found, key=lambda one: f"{one.__module__}.{one.__qualname__}")


def sample(hint: Any) -> Any:
    """A value of the type that a parameter asks for."""
    if hint in SAMPLES:
        return SAMPLES[hint]
    if supertype := getattr(hint, "__supertype__", None):
        return sample(supertype)
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return next(iter(hint))
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{one.name: sample(hints[one.name]) for one in fields(hint) if _is_needed(one)})
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return (sample(args[0]),)
    if (origin is not None and issubclass(origin, dict)) or getattr(origin, "__name__", "") in {"Mapping", "dict"}:
        return {sample(args[0]): sample(args[1])}
    if getattr(origin, "__name__", "") in {"list", "Sequence", "Iterable"}:
        return [sample(args[0])]
    return sample(next(one for one in args if one is not type(None)))


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def made(kind: type[RulesError]) -> RulesError:
    """An error of that class, each parameter filled with a value of its type."""
    if kind.__init__ is RulesError.__init__:
        return kind("why")
    hints = get_type_hints(kind.__init__)
    names = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]
    return kind(*(sample(hints[name]) for name in names))


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_an_error_survives_a_process_pool(kind: type[RulesError]) -> None:
    """An unpickled error is of the same class and says the same, with the same exit code and fields."""
    error = made(kind)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, a moment old
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.exit_code is error.exit_code
    assert {name: str(value) for name, value in vars(again).items()} == {
        name: str(value) for name, value in vars(error).items()
    }


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_an_error_has_an_exit_code_of_the_table(kind: type[RulesError]) -> None:
    """No error ends the program with a status that no `--help` lists."""
    assert kind.exit_code in ExitCode
    assert kind.__doc__


def test_the_walk_finds_the_errors_of_every_layer() -> None:
    """The classes are found, so that a new one cannot be left out."""
    names = {kind.__name__ for kind in classes()}
    assert {"RulesError", "InvalidPathError", "PlanFileError", "PatternError", "PolicyError"} <= names
