"""A generated set of fifty rules, as a team might write them over years: many patterns, types, statuses, ages."""

from typing import Final

from rules_engine.policy.load import load_texts
from rules_engine.policy.model import PolicySet

_LAYOUT: Final = """
version: 1
kind: layout
job_type: {name}
parameters: {{series: {{default: _unsorted}}, episode: {{default: "{{job_id}}"}}, language: {{default: en}}}}
workspace: "scratch/{{job_id}}"
output: "output/{{series}}/{{episode}}/{{language}}"
directories:
  temp: {{in: workspace}}
  slides: {{in: workspace, holds: [temp_slide, temp_video]}}
  finals: {{in: output, holds: [final_video, metadata]}}
names: {{final_video: "{name}_{{series}}.{{index:03d}}{{suffix}}"}}
"""
_SETTINGS: Final = "version: 1\nkind: settings\ncleanup: {preserve_on_failure: 14d}\n"
_TYPES: Final = ("short_form", "long_form", "slides_only")
_SUFFIXES: Final = ("part", "tmp", "bak", "log", "cache", "partial", "swp", "old", "orig", "dmp")
_PREFIXES: Final = ("temp_", "draft_", "render_", "frame_", "chunk_")
_SHOWS: Final = ("suits", "friends", "office", "lost", "dark")


def fifty_rules() -> PolicySet:
    """Fifty rules over three layouts."""
    return load_texts(fifty_texts())


def fifty_texts() -> dict[str, str]:
    """The files of a folder of fifty rules over three layouts."""
    rules = [*_of_scratch(), *_of_nobody(), *_of_outputs(), *_that_keep()]
    assert len(rules) == 50
    files = {f"{name}.yaml": _LAYOUT.format(name=name) for name in _TYPES}
    cleanup = "version: 1\nkind: cleanup\nrules:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules)
    return {**files, "settings.yaml": _SETTINGS, "cleanup.yaml": cleanup}


def _of_scratch() -> list[str]:
    """Scratch of jobs: by type, by status, by name, by size."""
    plain = [
        f"name: scratch-{name}-{kind}, jobs: {{type: {name}}}, files: {{in: workspace, type: {kind}}}, "
        f"after: {{completed: {days}d, failed: {days + 14}d}}, action: delete"
        for days, name in enumerate(_TYPES, 1)
        for kind in ("temp_slide", "temp_video", "undeclared")
    ]
    named = [
        f'name: scratch-{suffix}, files: {{in: workspace, match: ["*.{suffix}"]}}, after: {days}h, action: delete'
        for days, suffix in enumerate(_SUFFIXES[:5], 12)
    ]
    return [*plain, *named, "name: scratch-large, files: {in: workspace, larger_than: 1GiB}, after: 6h, action: delete"]


def _of_nobody() -> list[str]:
    """What no job owns: by its end, by its beginning, by its place."""
    ends = [
        f'name: stray-{suffix}, files: {{match: ["*.{suffix}"], except: ["keep_*"], tracked: false}}, '
        f"after: {days}d, action: trash"
        for days, suffix in enumerate(_SUFFIXES, 3)
    ]
    starts = [
        f'name: stray-{prefix.rstrip("_")}, files: {{match: ["{prefix}*", "!*_final.*"], tracked: false}}, '
        f"after: {days}d, action: trash"
        for days, prefix in enumerate(_PREFIXES, 5)
    ]
    rest = 'name: stray-rest, files: {match: ["/scratch/", "/incoming/**"], tracked: false}, otherwise: true, '
    return [*ends, *starts, f"{rest}after: 90d, action: trash"]


def _of_outputs() -> list[str]:
    """Deliverables of some shows, old renders beyond the newest."""
    shows = [
        f"name: old-{show}, jobs: {{type: [short_form, long_form], parameters: {{series: {show}}}}}, "
        f"files: {{in: output}}, deliverables: true, after: {200 + days}d, action: trash"
        for days, show in enumerate(_SHOWS)
    ]
    ranks = [
        f"name: beyond-{count}, jobs: {{type: {name}, status: completed, beyond_newest: {count}, per: [series]}}, "
        f"files: {{in: output}}, deliverables: true, after: 30d, action: trash"
        for count, name in ((5, "short_form"), (10, "long_form"))
    ]
    return [*shows, *ranks]


def _that_keep() -> list[str]:
    """What stays: for ever, for a while, the newest."""
    always = [
        f'name: keep-{name}, files: {{match: ["{pattern}"]}}, action: keep'
        for name, pattern in (
            ("hero", "/output/**/hero/"),
            ("masters", "**/masters/*.mkv"),
            ("readme", "README*"),
            ("legal", "/legal/"),
            ("marked", "keep_*"),
            ("final", "*_final.*"),
        )
    ]
    awhile = [
        f'name: hold-{show}, files: {{match: ["/output/{show}/**"]}}, action: keep, for: {30 * days}d'
        for days, show in enumerate(_SHOWS[:4], 1)
    ]
    newest = "name: keep-newest, jobs: {type: long_form, newest: 3, per: [series]}, files: {in: output}, action: keep"
    failed = "name: keep-failed, jobs: {status: failed}, files: {larger_than: 5GiB}, action: keep, for: 21d"
    return [*always, *awhile, newest, failed]
