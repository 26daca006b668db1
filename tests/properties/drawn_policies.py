"""Policy folders in the making: shipped layouts, layouts that nobody has seen before, and settings; plain values."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

_ASKED: Final = os.environ.get("PROPERTY_EXAMPLES")
EXAMPLES: Final = int(_ASKED or "100")
"""How many examples a property is tried with; `tests/mutations.py` asks for fewer."""

PROPERTY: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    # Whoever only asks whether a test fails does not wait for the smallest example, and gets one answer.
    phases=[Phase.generate] if _ASKED else [Phase.explicit, Phase.generate, Phase.shrink],
    derandomize=_ASKED is not None or settings().derandomize,
    database=None,
)
"""How every property is tried."""

SHIPPED_FOLDER: Final = Path(__file__).parents[2] / "policies"
SHIPPED_TYPES: Final = ("short_form", "long_form", "expression_only", "slides_only")

Layout = Mapping[str, Any]
"""What the YAML of a layout says."""


@cache
def shipped(job_type: str) -> Layout:
    """The shipped layout of that job type."""
    return dict(yaml.safe_load((SHIPPED_FOLDER / f"{job_type}.yaml").read_text()))


@dataclass(frozen=True)
class Folder:
    """A policy folder: layouts by job type, rules, and what its settings say."""

    layouts: Mapping[str, Layout]
    rules: tuple[Mapping[str, Any], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def with_settings(self, **said: Any) -> "Folder":
        """The same with more said in its settings."""
        return replace(self, settings={**self.settings, **said})

    def texts(self) -> dict[str, str]:
        """The policy files by name; what JSON writes, YAML reads."""
        documents = {f"{name}.yaml": dict(layout) for name, layout in self.layouts.items()}
        documents["settings.yaml"] = {"version": 1, "kind": "settings", **self.settings}
        if self.rules:
            documents["cleanup.yaml"] = {"version": 1, "kind": "cleanup", "rules": list(self.rules)}
        return {name: json.dumps(document, ensure_ascii=False) for name, document in documents.items()}


_WORKSPACE_KEYS: Final = ("temp", "slides", "clips", "frames-1", "mix.d", "Drafts")
_OUTPUT_KEYS: Final = ("shorts", "reels", "metadata", "final", "long_form", "posters")
_TYPES: Final = ("temp_slide", "take", "sketch", "mixdown", "final_video", "render", "poster", "metadata")
_PARAMETERS: Final = (
    {},
    {"show": {"default": "_unsorted"}},
    {"show": {"default": "_unsorted"}, "reel": {"default": "{job_id}"}, "language": {"default": "en"}},
)
NAMES_IN_PATHS: Final = ("Suits", "S01E01", "ko", "1x03_Inside_Track.HDTV.CTU", "한국어", "a b")


@st.composite
def invented_layouts(draw: st.DrawFn, job_type: str) -> Layout:
    """A layout of that job type as somebody could write it."""
    work = draw(st.lists(st.sampled_from(_WORKSPACE_KEYS), min_size=1, max_size=3, unique=True))
    out = draw(st.lists(st.sampled_from(_OUTPUT_KEYS), min_size=1, max_size=3, unique=True))
    directories: dict[str, dict[str, Any]] = {key: {"in": "workspace"} for key in work}
    directories |= {key: {"in": "output"} for key in out}
    places = [*work, *out, None]
    for one in _TYPES:
        place = draw(st.sampled_from(places))
        if place is not None:
            directories[place].setdefault("holds", []).append(one)
    parameters = draw(st.sampled_from(_PARAMETERS))
    fields = "/".join(f"{{{name}}}" for name in parameters) or "{job_id}"
    renamed = draw(st.sampled_from([None, *out]))
    if renamed is not None:
        directories[renamed]["path"] = f"published/{renamed}"
    layout: dict[str, Any] = {
        "version": 1,
        "kind": "layout",
        "job_type": job_type,
        "parameters": parameters,
        "workspace": draw(st.sampled_from(["scratch/{job_id}", "scratch/w_{job_id}"])),
        "output": f"{draw(st.sampled_from(['output', 'shows']))}/{fields}",
        "directories": directories,
    }
    if draw(st.booleans()):
        layout["status"] = draw(st.sampled_from(["jobs/{status}/{job_id}", "by_status/{job_id}.{status}"]))
    if draw(st.booleans()):
        layout["aliases"] = {f"old/{job_type}/{fields}/{out[0]}": out[0]}
    held = [(one, key) for key in out for one in directories[key].get("holds", ())]
    if held:
        # The fields that are given tell two jobs apart, so their names need not.
        layout["names"] = {one: f"{one}_{{index:03d}}{{suffix}}" for one, _ in held}
    return layout


def layouts_by_type(most: int) -> st.SearchStrategy[Mapping[str, Layout]]:
    """Some of the shipped job types and of two that a policy invents; at least one."""
    names = st.lists(st.sampled_from([*SHIPPED_TYPES, "night_run", "x1"]), min_size=1, max_size=most, unique=True)
    return names.flatmap(
        lambda types: st.fixed_dictionaries(
            {one: st.just(shipped(one)) if one in SHIPPED_TYPES else invented_layouts(one) for one in types}
        )
    )


def folders(most: int = 2, **said: Any) -> st.SearchStrategy[Folder]:
    """Folders of layouts without rules, whose settings say what is given."""
    return layouts_by_type(most).map(lambda layouts: Folder(layouts, settings=said))


def parameters_of(layout: Layout) -> st.SearchStrategy[Mapping[str, str]]:
    """Values for some of the parameters of a layout."""
    return st.fixed_dictionaries({}, optional={one: st.sampled_from(NAMES_IN_PATHS) for one in layout["parameters"]})


def held_types(layout: Layout, place: str) -> list[str]:
    """The file types that the directories of that place hold, in order."""
    return [
        one for directory in layout["directories"].values() if directory["in"] == place
        for one in directory.get("holds", ())
    ]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A job that somebody asks for, and where it must lie: the templates of its layout, filled by hand."""

    job_id: str
    layout: Layout
    parameters: Mapping[str, str]

    @property
    def job_type(self) -> str:
        """Its job type."""
        return str(self.layout["job_type"])

    def fill(self, template: str, **more: str) -> str:
        """A template of its layout with its values."""
        values = {"job_id": self.job_id}
        for name, said in self.layout["parameters"].items():
            values[name] = self.parameters.get(name, str(said.get("default")).replace("{job_id}", self.job_id))
        for name, value in {**values, **more}.items():
            template = template.replace(f"{{{name}}}", value)
        return template

    @property
    def workspace(self) -> str:
        """Its workspace, from the root."""
        return self.fill(self.layout["workspace"])

    @property
    def output(self) -> str:
        """Its output, from the root."""
        return self.fill(self.layout["output"])

    def directory(self, key: str) -> str:
        """One directory of its layout, from the root."""
        said = self.layout["directories"][key]
        return f"{self.workspace if said['in'] == 'workspace' else self.output}/{said.get('path', key)}"

    def holder(self, file_type: str) -> str | None:
        """The key of the directory that holds a file type."""
        found = (key for key, said in self.layout["directories"].items() if file_type in said.get("holds", ()))
        return next(found, None)

    def links(self, status: str) -> dict[str, str]:
        """Its links while it has that status, and the directories that they lead to, from the root."""
        found = {self.fill(old): self.directory(key) for old, key in self.layout.get("aliases", {}).items()}
        if "status" in self.layout:
            found[self.fill(self.layout["status"], status=status)] = self.output
        return found

    def directories(self, status: str) -> set[str]:
        """Every directory that it needs, with those above, from the root."""
        needed = {self.workspace, self.output, *map(self.directory, self.layout["directories"])}
        above = (os.path.dirname(link) for link in self.links(status))
        return {one for path in (*needed, *above) for one in _with_parents(path)}


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = os.path.dirname(path)


@st.composite
def asked_jobs(draw: st.DrawFn, folder: Folder, *, most: int = 4) -> list[Asked]:
    """Some jobs of the folder's types, with ids of their own."""
    kinds = draw(st.lists(st.sampled_from(sorted(folder.layouts)), min_size=1, max_size=most))
    return [
        Asked(f"job-{number}", folder.layouts[kind], draw(parameters_of(folder.layouts[kind])))
        for number, kind in enumerate(kinds)
    ]
