"""From the checked shapes of settings policies to one `Settings`: of several folders a later one wins key by key."""

from collections.abc import Iterable
from typing import Final

from rules_engine.policy.fields import check_path, read_duration, read_size
from rules_engine.policy.findings import Findings
from rules_engine.policy.known import Known
from rules_engine.policy.model import AskInUse, AtFinish, Limits, Retry, Settings, TrashEmptying
from rules_engine.policy.nodes import Node
from rules_engine.values.diagnostics import Span
from rules_engine.values.quantities import FOREVER, ByteCount, Duration
from rules_engine.values.vocabulary import DEFAULT_CLEANUP, CleanupPolicy, FileType

_DEFAULTS: Final = Settings()
_NOT_SETTINGS: Final = frozenset({"version", "kind", "description"})


class _Chosen:
    """The value of each dotted key that some settings policy sets: the last one wins."""

    def __init__(self, policies: Iterable[Node], findings: Findings) -> None:
        self._findings = findings
        self._nodes: dict[str, Node] = {}
        self.origins: dict[str, Span] = {}
        self.written: dict[str, tuple[tuple[Span, str], ...]] = {}
        for policy in policies:
            for pair in policy.pairs():
                if pair.key not in _NOT_SETTINGS:
                    self._set(*pair)

    def _set(self, key: str, node: Node, span: Span) -> None:
        if node.entries is None:
            self._nodes[key] = node
            place = Span(span.file, span.line, span.column, node.span.end_line, node.span.end_column)
            self.origins[key] = place
            self.written[key] = (*self.written.get(key, ()), (place, _text_of(node)))
        for pair in node.pairs():
            self._set(f"{key}.{pair.key}", pair.value, pair.span)

    def find(self, key: str) -> Node | None:
        return self._nodes.get(key)

    def text(self, key: str, default: str) -> str:
        node = self._nodes.get(key)
        return node.text if node is not None else default

    def flag(self, key: str, *, default: bool) -> bool:
        node = self._nodes.get(key)
        return node.scalar is True if node is not None else default

    def number(self, key: str, default: int) -> int:
        return int(self.text(key, str(default)))

    def duration(self, key: str, default: Duration) -> Duration:
        node = self._nodes.get(key)
        if node is None:
            return default
        found = read_duration(node, self._findings)
        return default if found is None else found

    def limit(self, key: str, default: int | None) -> int | None:
        """A number of files or percent; None is unlimited."""
        text = self.text(key, "" if default is None else str(default)).removesuffix("%")
        return None if text in {"", "unlimited"} else int(text)


def _text_of(node: Node) -> str:
    """The value as a policy writes it."""
    return node.text if node.items is None else f"[{', '.join(one.text for one in node.items)}]"


def read_settings(policies: Iterable[Node], known: Known, findings: Findings) -> tuple[Settings, Node | None]:
    """The settings that all policies together give, and where the root is written; its text is not yet a path."""
    chosen = _Chosen(policies, findings)
    root = chosen.find("root")
    settings = Settings(
        root=root.text if root is not None else None,
        debug=chosen.flag("debug", default=_DEFAULTS.debug),
        cleanup=_read_cleanup(chosen, known, findings),
        at_finish=AtFinish(chosen.text("cleanup.at_finish", _DEFAULTS.at_finish)),
        limits=_read_limits(chosen, findings),
        retry=_read_retry(chosen, findings),
        trash_keep=chosen.duration("trash.keep", _DEFAULTS.trash_keep),
        trash_empty=TrashEmptying(chosen.text("trash.empty", _DEFAULTS.trash_empty)),
        keep_markers=_read_markers(chosen.find("keep_markers"), findings),
        state_keep=chosen.duration("state.keep", _DEFAULTS.state_keep),
        in_use=AskInUse(chosen.text("in_use", _DEFAULTS.in_use)),
        open_parents=chosen.flag("permissions.open_parents", default=_DEFAULTS.open_parents),
        origins=dict(sorted(chosen.origins.items())),
        written=dict(sorted(chosen.written.items())),
    )
    return settings, root


def _read_cleanup(chosen: _Chosen, known: Known, findings: Findings) -> CleanupPolicy:
    types = chosen.find("cleanup.file_types")
    known.check_file_types(types.each() if types is not None else (), findings)
    return CleanupPolicy(
        enabled=chosen.flag("cleanup.enabled", default=DEFAULT_CLEANUP.enabled),
        retention=chosen.duration("cleanup.retention", DEFAULT_CLEANUP.retention),
        preserve_on_failure=_read_preserve(chosen),
        file_types=frozenset(FileType(one.text) for one in types.each()) if types is not None else None,
        debug_mode_disables=chosen.flag("cleanup.debug_mode_disables", default=DEFAULT_CLEANUP.debug_mode_disables),
    )


def _read_preserve(chosen: _Chosen) -> Duration:
    node = chosen.find("cleanup.preserve_on_failure")
    if node is not None and isinstance(node.scalar, bool):
        return FOREVER if node.scalar else Duration(0)
    return chosen.duration("cleanup.preserve_on_failure", DEFAULT_CLEANUP.preserve_on_failure)


def _read_limits(chosen: _Chosen, findings: Findings) -> Limits:
    default = _DEFAULTS.limits
    size, age = chosen.find("limits.bytes"), chosen.find("limits.plan_age")
    return Limits(
        files=chosen.limit("limits.files", default.files),
        bytes=default.bytes if size is None else _read_bytes(size, findings),
        untracked_share=chosen.limit("limits.untracked_share", default.untracked_share),
        plan_age=default.plan_age if age is None else _read_age(age, findings),
    )


def _read_bytes(node: Node, findings: Findings) -> ByteCount | None:
    if node.text == "unlimited":
        return None
    return ByteCount(0) if node.scalar == 0 else read_size(node, findings)


def _read_age(node: Node, findings: Findings) -> Duration | None:
    if node.text == "unlimited":
        return None
    return Duration(0) if node.scalar == 0 else read_duration(node, findings)


def _read_retry(chosen: _Chosen, findings: Findings) -> Retry:
    default = _DEFAULTS.retry
    retry = Retry(
        attempts=chosen.number("retry.attempts", default.attempts),
        first_wait=chosen.duration("retry.first_wait", default.first_wait),
        longest_wait=chosen.duration("retry.longest_wait", default.longest_wait),
    )
    written = chosen.find("retry.first_wait") or chosen.find("retry.longest_wait")
    if written is not None and retry.first_wait > retry.longest_wait:
        message = "`first_wait` is longer than `longest_wait`"
        findings.error("P422", message, written.span, "swap them, or remove one; the defaults are 50ms and 2s")
    return retry


def _read_markers(node: Node | None, findings: Findings) -> tuple[str, ...]:
    if node is None:
        return _DEFAULTS.keep_markers
    for item in node.each():
        if "/" in item.text:
            findings.error("P406", f"the marker `{item.text}` has a `/`", item.span, "write the name of an entry")
        else:
            check_path(item, findings)
    return tuple(sorted(item.text for item in node.each()))
