"""What two rules have in common: proof that it is nothing, or a path that both select."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Final

from rules_engine.policy.gitignore import Line
from rules_engine.policy.model import FileSelector, Layout, PolicySet, Rule, Tracked, Unit
from rules_engine.policy.wildmatch import ANY_NAME, Component
from rules_engine.values.paths import RelPath, from_bytes
from rules_engine.values.vocabulary import FileType, Place

_FIELD: Final = re.compile(r"\{[^{}]*\}")


def layouts_of(rule: Rule, policies: PolicySet) -> tuple[Layout, ...]:
    """The layouts of the job types that the rule is about."""
    types = rule.jobs.types
    return tuple(one for job_type, one in policies.layouts.items() if types is None or job_type in types)


def is_deliverable(file_type: FileType, layouts: Iterable[Layout]) -> bool:
    """Whether every one of the layouts, and at least one, holds the type in its output."""
    holders = [layout.holder(file_type) for layout in layouts]
    return bool(holders) and all(one is not None and one.place is Place.OUTPUT for one in holders)


def may_share(first: Rule, second: Rule, policies: PolicySet) -> bool:
    """Whether it cannot be proved that no file is selected by both rules, nor a directory with or without files."""
    if first.directories is not None or second.directories is not None:
        # An empty directory has no owner, type or size, so a rule without patterns says nothing about it.
        files = second.files if first.directories is not None else first.files
        return files.match is not None and _may_meet(first, second, policies)
    one, other = first.files, second.files
    if one.place is not None and other.place is not None and one.place is not other.place:
        return False
    if not _sizes_meet(one, other):
        return False
    if not _may_meet(first, second, policies):
        return False
    if "untracked" in _sides(one) & _sides(other):
        return True
    return "tracked" in _sides(one) & _sides(other) and _owners_meet(first, second, policies)


def _may_meet(first: Rule, second: Rule, policies: PolicySet) -> bool:
    tops, other_tops = _tops(first, policies), _tops(second, policies)
    return tops is None or other_tops is None or bool(tops & other_tops)


def _sides(files: FileSelector) -> frozenset[str]:
    """With an owner, without one, or both; a file without an owner has no type."""
    if files.tracked is Tracked.TRACKED or files.types is not None:
        return frozenset({"tracked"})
    return frozenset({"untracked"}) if files.tracked is Tracked.UNTRACKED else frozenset({"tracked", "untracked"})


def _owners_meet(first: Rule, second: Rule, policies: PolicySet) -> bool:
    for one, other in ((first.jobs.types, second.jobs.types), (first.jobs.statuses, second.jobs.statuses)):
        if one is not None and other is not None and not one & other:
            return False
    values = dict(second.jobs.parameters)
    if any(name in values and not allowed & values[name] for name, allowed in first.jobs.parameters):
        return False
    types, other_types = first.files.types, second.files.types
    if types is not None and other_types is not None and not types & other_types:
        return False
    return not (_only_deliverables(first, policies) and _only_temporary(second)) and not (
        _only_deliverables(second, policies) and _only_temporary(first)
    )


def _only_temporary(rule: Rule) -> bool:
    return rule.is_removal and not rule.deliverables


def _only_deliverables(rule: Rule, policies: PolicySet) -> bool:
    """Whether all types that the rule names are deliverables of every job it can be about."""
    types = rule.files.types
    return types is not None and all(is_deliverable(one, layouts_of(rule, policies)) for one in types)


def _sizes_meet(first: FileSelector, second: FileSelector) -> bool:
    above = max(-1 if one.larger_than is None else one.larger_than for one in (first, second))
    below = [one.smaller_than for one in (first, second) if one.smaller_than is not None]
    return not below or above + 1 < min(below)


def _tops(rule: Rule, policies: PolicySet) -> frozenset[str] | None:
    """The first components of every path that the rule can select; None where they are not known."""
    match = rule.directories.match if rule.directories is not None else rule.files.match
    if match is not None:
        starts = [way[0] for line in match.lines if not line.negated for way in line.alternatives]
        plain = {one.examples[0] for one in starts if one is not None and one.is_plain}
        return frozenset(plain) if all(one is not None and one.is_plain for one in starts) else None
    place = Place.WORKSPACE if rule.unit is Unit.WORKSPACE else rule.files.place
    if place is None:
        return None
    tops = {_template(layout, place).split("/")[0] for layout in layouts_of(rule, policies)}
    return None if not tops or any("{" in top for top in tops) else frozenset(tops)


def _template(layout: Layout, place: Place) -> str:
    return (layout.workspace if place is Place.WORKSPACE else layout.output).text


def shared_path(first: Rule, second: Rule, policies: PolicySet, *, most: int) -> RelPath | None:
    """A path that both rules select, made from their patterns; None where the first `most` tries found none."""
    layouts = {one.job_type: one for rule in (first, second) for one in layouts_of(rule, policies)}
    places = {rule.files.place for rule in (first, second)} - {None} or {*Place}
    bases = [
        "",
        *sorted({_FIELD.sub("x", _template(one, place)) for one in layouts.values() for place in places if place}),
    ]
    paths = _paths(_ways(first), _ways(second), bases)
    return next(
        (path for path in islice(paths, most) if _fits(first, path, policies) and _fits(second, path, policies)),
        None,
    )


def path_of(line: Line) -> RelPath:
    """One path that the pattern matches."""
    return RelPath("/".join("x" if one is None else _name(one) for one in line.alternatives[0] if one is not None))


def _fits(rule: Rule, path: RelPath, policies: PolicySet) -> bool:
    files = rule.files
    if files.place is not None and files.place is not place_of(path, policies):
        return False
    if files.match is not None and files.match.match(path) is None:
        return False
    return files.exclude is None or files.exclude.match(path) is None


def place_of(path: RelPath, policies: PolicySet) -> Place | None:
    """Where the path lies by the templates of any layout."""
    for place in Place:
        for layout in policies.layouts.values():
            template = layout.workspace if place is Place.WORKSPACE else layout.output
            if template.fits_above(path) is not None:
                return place
    return None


def _ways(rule: Rule) -> list[tuple[str, Component]]:
    """Directory and last component of what the patterns of a rule select; anything where it has none."""
    if rule.files.match is None:
        return [("", ANY_NAME)]
    found: list[tuple[str, Component]] = []
    for line in rule.files.match.lines:
        for *above, last in line.alternatives:
            directory = "/".join("x" if one is None else _name(one) for one in above)
            if not line.only_directories and last is not None:
                found.append((directory, last))
            if line.reaches_below and last is not None:
                found.append((f"{directory}/{_name(last)}".lstrip("/"), ANY_NAME))
    return found


def _paths(
    first: list[tuple[str, Component]], second: list[tuple[str, Component]], bases: list[str]
) -> Iterator[RelPath]:
    """Paths that both may select: the directories of either or both, with names that fit either or both."""
    for (directory, name), (other, other_name) in product(first, second):
        directories = dict.fromkeys((directory, other, f"{directory}/{other}", f"{other}/{directory}"))
        names = dict.fromkeys((_name(name), _name(other_name), _between(name, other_name), _between(other_name, name)))
        for base, middle, last in product(bases, directories, names):
            yield RelPath("/".join(part for part in (base, middle.strip("/"), last) if part))


def _name(component: Component) -> str:
    """A name that the component matches."""
    return from_bytes("x".join(component.examples).encode("latin-1"))


def _between(first: Component, second: Component) -> str:
    """A name that begins as the one component asks and ends as the other asks."""
    return from_bytes(f"{first.examples[0]}x{second.examples[-1]}".encode("latin-1"))
