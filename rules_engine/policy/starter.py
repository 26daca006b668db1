"""The policies that `rules init` writes: small, commented, and careful, to be changed by whoever asked for them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from rules_engine.policy.schema import CASES, KINDS, schema_text

_LAYOUT: Final = """\
# yaml-language-server: $schema=layout.v1.schema.json
#
# Which directories a job of type `render` gets, and what its outputs are called. One file for each job type.
version: 1
kind: layout
job_type: render

# What a job is started with, such as `project=winter`.
parameters:
  project: {default: _unsorted}

# Scratch of one job: it must contain {job_id}, so that no job can take the files of another.
workspace: "scratch/{job_id}"
# Where its deliverables live. No rule reaches them unless it says `deliverables: true`.
output: "output/{project}/{job_id}"
# Shows at a glance how each job went: a relative link to the output, which moves.
status: "jobs/{status}/{job_id}"

directories:
  temp:   {in: workspace}                                    # every type that no other directory holds
  clips:  {in: workspace, holds: [temp_video, temp_audio]}
  videos: {in: output,    holds: [final_video]}

names:
  final_video: "{project}_{job_id}_{index:03d}{suffix}"
"""

_CLEANUP: Final = """\
# yaml-language-server: $schema=cleanup.v1.schema.json
#
# What may go, when, and what must stay. Keep beats removal, whatever the order. Nothing happens before `rules apply`;
# `rules plan` shows what would, and `rules check --sentences` says each rule in English.
version: 1
kind: cleanup
rules:
  - name: scratch
    description: Temporary files of a good run go the next day; those of a failed one can be looked at for two weeks.
    files: {in: workspace}
    after: {completed: 24h, failed: 14d}
    # `trash` sets aside on the same disk: undone by one command. Write `delete` once you trust the rule.
    action: trash

  - name: stray-temps
    description: Temporary names that no job declared.
    files: {match: ["temp_*", "*.part"], tracked: false}
    after: 7d
    action: trash

  - name: favourites
    description: Whatever is put below a directory `keep` stays, at any depth.
    files: {match: ["keep/"]}
    action: keep
"""

_SETTINGS: Final = """\
# yaml-language-server: $schema=settings.v1.schema.json
#
# Every key has a default; without this file all defaults hold.
version: 1
kind: settings

# From the directory that holds this folder, never from the current one.
root: media

cleanup:
  # Temporary files that no rule selects go so long after their job's good end.
  retention: 24h
  # A failed job can be looked at for two weeks, whatever a rule says. Default: true, which is for ever.
  preserve_on_failure: 14d

# A plan that wants more is refused until a person has looked at it.
limits: {files: 100000, bytes: 1TiB, untracked_share: 50%}

# What was set aside can be restored for a week.
trash: {keep: 7d}
"""

_CASES: Final = """\
# yaml-language-server: $schema=cases.v1.schema.json
#
# What the rules of cleanup.yaml do, one scene each: `rules test` plans every scene and compares, both ways.
# Everything that goes is named under `trash` or `delete`; what is not named must stay.
version: 1
kind: cases
cases:
  - name: the scratch of a good run goes the next day
    jobs:
      good:   {type: render, ended: 25h ago}
      fresh:  {type: render, ended: 20h ago}
      failed: {type: render, status: failed, ended: 13d ago}
    files:
      scratch/good/clips/1.mkv: temp_video
      scratch/fresh/clips/1.mkv: temp_video
      scratch/failed/clips/1.mkv: temp_video
      output/_unsorted/good/videos/_unsorted_good_001.mkv: final_video
    expect:
      trash: {scratch/good/clips/1.mkv: scratch}
      due:
        scratch/fresh/clips/1.mkv: in 4h
        scratch/failed/clips/1.mkv: in 1d

  - name: strays go after a week, and nothing goes that was put into a directory keep
    files:
      incoming/temp_old.mkv: 8d ago
      incoming/temp_young.mkv: 6d ago
      incoming/keep/temp_old.mkv: 80d ago
    expect:
      trash: {incoming/temp_old.mkv: stray-temps}
      due: {incoming/temp_young.mkv: {at: in 1d, waits_for: stray-temps}}
      kept: {incoming/keep/temp_old.mkv: favourites}
"""

_GUARANTEES: Final = """\
# yaml-language-server: $schema=guarantees.v1.schema.json
#
# What no rule removes, whoever edits the other files: `rules check` proves each sentence, or shows a file that breaks
# it. Guarantees decide nothing; to make a file stay write a `keep` rule.
version: 1
kind: guarantees
never_removed:
  - name: finished-videos
    files: {type: final_video}
  - name: two-weeks-after-a-failure
    jobs:  {status: failed}
    for: 14d
  - name: a-week-without-an-owner
    files: {tracked: false}
    for: 7d
"""

STARTER_POLICIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "render.yaml": _LAYOUT,
        "cleanup.yaml": _CLEANUP,
        "settings.yaml": _SETTINGS,
        "guarantees.yaml": _GUARANTEES,
    }
)
"""File name → text of each policy; they load as they are."""


def starter_files() -> Mapping[str, str]:
    """File name → text of all that a new policy folder holds: policies, cases, and the schemas that they name."""
    schemas = {f"{kind}.v1.schema.json": schema_text(kind) for kind in (*KINDS, CASES)}
    return {**STARTER_POLICIES, "cleanup.cases.yaml": _CASES, **schemas}
