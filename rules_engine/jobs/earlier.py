"""Keep rules of earlier applied policy sets that nobody released: they protect until a plan lets them go."""

from collections.abc import Mapping

import msgspec

from rules_engine.apply.applied import AppliedSet, read_applications, read_applied
from rules_engine.filesystem.directory import Directory
from rules_engine.jobs.applied import load_applied
from rules_engine.plan.given import EarlierKeep
from rules_engine.policy.digest import same_effect
from rules_engine.policy.model import PolicySet, Rule


class _Held(msgspec.Struct):
    """A keep rule, and the run that first applied policies without it."""

    rule: Rule
    ended: str = ""


def earlier_keeps(state: Directory | None, policies: PolicySet) -> tuple[EarlierKeep, ...]:
    """What protects besides the keep rules of `policies`, ordered by name and place.

    Raises:
        UntrustedStateError: when the record of earlier sets cannot be read, is damaged, or cannot be loaded.
    """
    if state is None:
        return ()
    held: list[_Held] = []
    reader = _Reader(state, policies)
    for line in read_applications(state):
        if line.released:
            held = [one for one in held if one.rule.name not in line.released]
        present = reader.keep_rules(line.digest)
        for one in held:
            if not _is_among(one.rule, present):
                one.ended = one.ended or line.run_id
        held = [one for one in held if not _is_among(one.rule, present)] + [_Held(rule) for rule in present]
    found = [one for one in held if not _is_among(one.rule, policies.keep_rules)]
    return tuple(
        EarlierKeep(one.rule, _place(one.rule), one.ended)
        for one in sorted(found, key=lambda one: (one.rule.name, _place(one.rule), one.ended))
    )


def _is_among(rule: Rule, rules: tuple[Rule, ...]) -> bool:
    return any(same_effect(rule, one) for one in rules)


def _place(rule: Rule) -> str:
    return f"{rule.span.file}:{rule.span.line}"


class _Reader:
    """Reads the keep rules of applied sets; texts that say `keep` in the same words are loaded once."""

    def __init__(self, state: Directory, policies: PolicySet) -> None:
        self._state = state
        self._by_digest: dict[str, tuple[Rule, ...]] = {policies.digest: policies.keep_rules}
        self._by_texts: dict[tuple[tuple[str, str], ...], tuple[Rule, ...]] = {
            _texts_of_keeps(policies.sources): policies.keep_rules
        }

    def keep_rules(self, digest: str) -> tuple[Rule, ...]:
        if digest not in self._by_digest:
            self._by_digest[digest] = self._load(read_applied(self._state, digest))
        return self._by_digest[digest]

    def _load(self, applied: AppliedSet) -> tuple[Rule, ...]:
        texts = _texts_of_keeps(applied.sources)
        if texts not in self._by_texts:
            # Every edit of a policy is another set, and reading one takes longer than planning thousands of files.
            self._by_texts[texts] = load_applied(applied).keep_rules if texts else ()
        return self._by_texts[texts]


def _texts_of_keeps(sources: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The files that may hold a keep rule: what the others say cannot change one."""
    return tuple(sorted((file, text) for file, text in sources.items() if "keep" in text and "cleanup" in text))
