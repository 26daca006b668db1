"""The layout and the rules of the clips that the tests of faults make; no test itself."""

from typing import Final

LAYOUT: Final = """\
version: 1
kind: layout
job_type: clip
workspace: "scratch/{job_id}"
output: "out/{job_id}"
status: "jobs/{status}/{job_id}"
directories:
  temp: {in: workspace}
  frames: {in: workspace, holds: [temp_slide]}
  videos: {in: output, holds: [final_video]}
"""
RULES: Final = """\
version: 1
kind: cleanup
rules:
  - {name: slides, files: {type: temp_slide}, after: 0s, action: trash}
  - {name: rest, files: {in: workspace, tracked: any}, otherwise: true, after: 0s, action: delete}
  - {name: parts, files: {match: ["*.part"], tracked: false}, after: 0s, action: trash}
  - {name: temps, files: {match: ["temp_*"], tracked: false}, after: 0s, action: delete}
  - {name: caches, unit: directory, files: {match: ["/cache/*/"]}, after: 0s, action: trash}
  - {name: junk, unit: directory, files: {match: ["/junk/*/"]}, after: 0s, action: delete}
"""
HEROES: Final = '  - {name: heroes, files: {match: ["/hero/"]}, action: keep}\n'
