"""From the checked shape of `expect` to expectations: every path is in the case, every rule in the policies."""

from collections.abc import Iterable
from typing import Final

from rules_engine.cases.model import Expectation, Fate, Scene
from rules_engine.cases.moments import read_moment
from rules_engine.cases.scenes import read_path
from rules_engine.plan.model import Because
from rules_engine.policy.built_in import BUILT_IN
from rules_engine.policy.findings import Findings, suggest
from rules_engine.policy.model import Action, PolicySet, Rule
from rules_engine.policy.nodes import Node
from rules_engine.values.diagnostics import Span
from rules_engine.values.paths import RelPath, ancestors
from rules_engine.values.quantities import instant_from
from rules_engine.values.vocabulary import RuleName

_BY_A_RULE: Final = frozenset({Because.KEEP_RULE, Because.KEEP_RULE_CANNOT_TELL})
REASONS: Final = tuple(sorted(one.value for one in Because if one not in _BY_A_RULE))
"""The words for what keeps a file where no keep rule does."""


def read_expectations(expect: Node, scene: Scene, policies: PolicySet, findings: Findings) -> tuple[Expectation, ...]:
    """What a case expects, in the order of the text; faulty expectations are findings."""
    reader = _Reader(scene, policies, findings)
    found = (reader.read(Fate(fate), node) for fate, node, _ in expect.pairs())
    return tuple(one for some in found for one in some)


class _Reader:
    def __init__(self, scene: Scene, policies: PolicySet, findings: Findings) -> None:
        self._policies = policies
        self._findings = findings
        self._now = instant_from(scene.now)
        self._files = {file.path for file in scene.files}
        named = {*self._files, *scene.directories, *(job.workspace for job in scene.jobs)}
        self._there = {*named, *(above for path in named for above in ancestors(path))}
        self._first: dict[tuple[bool, RelPath], Span] = {}

    def read(self, fate: Fate, node: Node) -> Iterable[Expectation]:
        """The expectations of one fate: of a list of paths, or of a map of paths to more."""
        listed = ((item.text, None, item.span) for item in node.items or ())
        said = ((key, value, span) for key, value, span in node.pairs())
        for text, value, span in (*listed, *said):
            path = read_path(text, span, self._findings)
            if path is not None and self._is_there(path, fate, span):
                found = self._one(Expectation(path, span, fate), value)
                if found is not None:
                    yield found

    def _is_there(self, path: RelPath, fate: Fate, span: Span) -> bool:
        if path not in self._there:
            message = f"this case has no file or directory `{path}`"
            self._findings.error("P506", message, span, suggest(path, self._there, "add it under `files`"))
            return False
        first = self._first.setdefault((fate is Fate.WOULD_GO, path), span)
        if first is not span:
            related = ((first, "the other one is here"),)
            self._findings.error("P508", f"`{path}` is expected twice", span, "leave one of them", related)
        return first is span

    def _one(self, bare: Expectation, value: Node | None) -> Expectation | None:
        if bare.path not in self._files and not self._fits_directory(bare.fate, value, bare.span):
            return None
        if value is None:
            return bare
        if bare.fate is Fate.DUE:
            return self._due(bare, value)
        names = [(one.text, one.span) for one in value.each()]
        if bare.fate is Fate.KEPT and len(names) == 1 and names[0][0] in REASONS and not self._names_rule(bare, names):
            return Expectation(bare.path, bare.span, bare.fate, because=Because(names[0][0]))
        if not self._check_rules(bare.fate, names):
            return None
        rules = tuple(sorted(RuleName(name) for name, _ in names))
        return Expectation(bare.path, bare.span, bare.fate, rules=rules)

    def _fits_directory(self, fate: Fate, value: Node | None, span: Span) -> bool:
        """Whether this can be told of a directory: when it goes or by which rule, but not why it stays."""
        if fate is Fate.KEPT and value is not None:
            self._findings.error("P509", "a directory gives no reason why it stays", span, "list its path alone")
            return False
        if fate is Fate.DUE and (value is None or (value.scalar is None and value.get("at") is None)):
            self._findings.error("P509", "of a directory the moment is needed", span, "write when it goes: `in 2d`")
            return False
        if fate is Fate.DUE and value is not None and value.get("waits_for") is not None:
            self._findings.error("P509", "a directory does not say what it waits for", span, "write `in 2d` alone")
            return False
        return True

    def _names_rule(self, bare: Expectation, names: list[tuple[str, Span]]) -> bool:
        return names[0][0] in self._rules_of(bare.fate)

    def _rules_of(self, fate: Fate) -> frozenset[str]:
        """The names of the rules that can be the reason for this fate."""
        chosen = {str(rule.name) for rule in self._policies.rules if _can_decide(rule, fate)}
        return frozenset({*chosen, *([str(BUILT_IN)] if fate is Fate.DELETE else [])})

    def _check_rules(self, fate: Fate, names: Iterable[tuple[str, Span]]) -> bool:
        known = self._rules_of(fate)
        words = {*known, *(REASONS if fate is Fate.KEPT else ())}
        unknown = [(name, span) for name, span in names if name not in known]
        for name, span in unknown:
            what = {
                Fate.KEPT: "neither a keep rule nor a reason",
                Fate.WOULD_GO: "no removal rule with `report_only`",
            }.get(fate, "no removal rule that takes part")
            self._findings.error("P507", f"`{name}` is {what}", span, suggest(name, words, "list the path alone"))
        return not unknown

    def _due(self, bare: Expectation, value: Node) -> Expectation | None:
        at = value if value.entries is None else value.get("at")
        waits_for = value.get("waits_for")
        moment = read_moment(at, self._now, self._findings) if at is not None else None
        if at is not None and moment is None:
            return None
        return Expectation(
            bare.path, bare.span, bare.fate, at=moment, waits_for=waits_for.text if waits_for is not None else ""
        )


def _can_decide(rule: Rule, fate: Fate) -> bool:
    if fate is Fate.KEPT:
        return rule.action is Action.KEEP
    return rule.is_removal and rule.report_only is (fate is Fate.WOULD_GO)
