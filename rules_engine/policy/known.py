"""The names that layouts give: what selectors and settings may speak of."""

from collections.abc import Iterable, Mapping

import msgspec

from rules_engine.policy.findings import Findings, suggest
from rules_engine.policy.nodes import Node
from rules_engine.values.diagnostics import Span
from rules_engine.values.vocabulary import FileType

_NO_LAYOUT = "no layout is loaded; write one with `kind: layout`"


class Known(msgspec.Struct, frozen=True):
    """Job types, file types and parameters of all layouts, as they are written."""

    parameters_of: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    """Job type → the names of its parameters."""
    file_types: frozenset[str] = frozenset()
    """Every type that a layout holds, and `undeclared`."""

    def check_job_types(self, items: Iterable[Node], findings: Findings) -> None:
        """Note each job type that no layout has."""
        for item in items:
            if item.text not in self.parameters_of:
                message = f"no layout has the job type `{item.text}`"
                findings.error("P407", message, item.span, suggest(item.text, self.parameters_of, _NO_LAYOUT))

    def check_file_types(self, items: Iterable[Node], findings: Findings) -> None:
        """Note each file type that no layout holds."""
        for item in items:
            if item.text not in self.file_types:
                message = f"no layout holds the file type `{item.text}`"
                findings.error("P408", message, item.span, suggest(item.text, self.file_types, _NO_LAYOUT))

    def check_place(self, place: Node | None, findings: Findings) -> None:
        """Note a place where there is no layout to say where it is."""
        if place is not None and not self.parameters_of:
            message = f"without a layout no file lies in the {place.text} of a job"
            findings.error("P422", message, place.span, _NO_LAYOUT)

    def check_workspace(self, unit: Node | None, findings: Findings) -> None:
        """Note a rule about workspaces where there is no layout to say where one is."""
        if unit is not None and unit.text == "workspace" and not self.parameters_of:
            findings.error("P422", "without a layout no job has a workspace", unit.span, _NO_LAYOUT)

    def check_parameters(self, names: Iterable[tuple[str, Span]], job_types: Iterable[str], findings: Findings) -> None:
        """Note each parameter, with its place, that none of the job types has; no job types are all."""
        types = [one for one in job_types if one in self.parameters_of] or list(self.parameters_of)
        known = frozenset(name for one in types for name in self.parameters_of[one])
        for name, span in names:
            if name not in known:
                message = f"no job that this rule selects has the parameter `{name}`"
                otherwise = "jobs of these types have no parameters" if types else _NO_LAYOUT
                findings.error("P409", message, span, suggest(name, known, otherwise))


def names_of(layouts: Iterable[Node]) -> Known:
    """The names that these layouts give; also of a layout that has other faults, so that one fault is one finding."""
    parameters: dict[str, frozenset[str]] = {}
    types = {str(FileType.UNDECLARED)}
    for layout in layouts:
        parameters[layout.text_of("job_type")] = frozenset(pair.key for pair in layout.pairs("parameters"))
        for directory in layout.pairs("directories"):
            types.update(item.text for item in directory.value.each("holds"))
    return Known(dict(sorted(parameters.items())), frozenset(types))
