"""Each rule in English, with what it does not say filled in."""

import pytest

from rules_engine.policy.load import load_texts
from rules_engine.policy.sentences import sentence, sentences

LAYOUT = """\
version: 1
kind: layout
job_type: cut
parameters: {series: {default: x}}
workspace: "scratch/{job_id}"
output: "output/{job_id}"
directories:
  temp: {in: workspace}
  clips: {in: workspace, holds: [temp_video]}
  videos: {in: output, holds: [final_video]}
"""
FAILED_STAY = "Whatever a rule says: files of a failed or abandoned job stay"
GONE, WELL, NOT_WELL = "are deleted", "after the end of a completed job;", "after that of a failed one."
RUNNING_STAY = "those of a running job always."
IN_DEBUG_MODE = "Nothing is removed in debug mode: every plan keeps everything."


def say(rule: str, preserve: str = "1h") -> str:
    """The sentence on one rule."""
    cleanup = f"version: 1\nkind: cleanup\nrules:\n  - {{name: r, {rule[1:]}\n"
    settings = f"version: 1\nkind: settings\ncleanup: {{preserve_on_failure: {preserve}}}\n"
    policies = load_texts({"/p/a.yaml": LAYOUT, "/p/b.yaml": cleanup, "/p/c.yaml": settings})
    return sentence(policies.rules[0])


ENDED = "after the end of the job, or the change of the file after it."
WORKSPACE_ENDED = "the end of the job or, if later, the last change of a file in it"
EITHER = "after the end of the job (a file without an owner: its last change)"
WIDE = "{files: {tracked: any}, after: 9d, otherwise: true, report_only: true, action: delete}"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{after: 7d, action: delete}", f"deletes temporary files of completed jobs, 7d {ENDED}"),
        (
            "{jobs: {type: cut, status: [completed, failed]}, files: {type: temp_video}, after: 7d, action: trash}",
            f"moves to the trash temporary files of type `temp_video` of completed or failed `cut` jobs, 7d {ENDED}",
        ),
        (
            "{jobs: {type: cut, parameters: {series: [a, b]}}, files: {in: workspace}, after: 7d, action: delete}",
            f"deletes temporary files of completed `cut` jobs whose `series` is `a` or `b` in a workspace, 7d {ENDED}",
        ),
        (
            "{files: {in: output, larger_than: 1GiB}, deliverables: true, after: 7d, since: changed, action: delete}",
            """deletes temporary files and deliverables of completed jobs in an output larger than 1.0 GiB,
            7d after the last change of the file.""",
        ),
        (
            '{files: {match: ["a_*", "!a_b"], tracked: false, smaller_than: 1kB}, after: 1d12h, action: delete}',
            """deletes files without an owner that match `a_*` then `!a_b` (the last one that matches decides)
            smaller than 1000 B, unless named like a deliverable, 1d12h after the last change of the file.""",
        ),
        (
            '{files: {match: "a_*", except: ["*.b", "*.c"], tracked: false}, after: 7d, action: delete}',
            """deletes files without an owner that match `a_*` but not `*.b` or `*.c`, unless named like a deliverable,
            7d after the last change of the file.""",
        ),
        (
            "{files: {type: final_video}, deliverables: true, after: 7d, since: written, action: trash}",
            """moves to the trash files of type `final_video` of completed jobs,
            7d after the time that the file carries (mtime alone).""",
        ),
        (
            WIDE,
            f"""only reports what it would delete: temporary files of completed jobs, and files without an owner,
            unless named like a deliverable, 9d {EITHER},
            where no removal rule without `otherwise` selects the file.""",
        ),
        (
            "{files: {in: workspace}, after: {failed: 14d, completed: 24h}, action: delete}",
            """deletes temporary files of completed or failed jobs in a workspace, 1d for a completed job and
            14d for a failed job, counted from the end of the job, or the change of the file after it.""",
        ),
        (
            "{jobs: {type: cut, status: completed, newest: 5, per: [series]}, files: {in: output}, action: keep}",
            "keeps all files of the newest 5 completed `cut` jobs for each `series` in an output, always.",
        ),
        (
            "{jobs: {newest: 1, per: series, parameters: {series: a}}, action: keep}",
            "keeps all files of the newest job whose `series` is `a` for each type and `series`, always.",
        ),
        (
            "{jobs: {type: cut, beyond_newest: 3}, after: 30d, action: trash}",
            f"moves to the trash temporary files of all but the newest 3 completed `cut` jobs, 30d {ENDED}",
        ),
        (
            "{unit: workspace, jobs: {type: cut}, after: {completed: 7d, failed: 9d}, action: trash}",
            f"""moves to the trash the whole workspaces of completed or failed `cut` jobs,
            7d for a completed job and 9d for a failed job after {WORKSPACE_ENDED};
            one that holds a deliverable or anything that is kept or waits stays whole.""",
        ),
        (
            "{unit: workspace, deliverables: true, after: 7d, action: delete}",
            f"""deletes the whole workspaces of completed jobs, 7d after {WORKSPACE_ENDED};
            one that holds anything that is kept or waits stays whole.""",
        ),
        (
            '{unit: directory, files: {match: ["/a/*/"], except: ["b"]}, after: 7d, report_only: true, action: trash}',
            """only reports what it would move to the trash: whole directories that match `/a/*/` but not `b`,
            7d after the last change of a file in it; one that holds a file with an owner, a file named like
            a deliverable or anything that is kept or waits stays whole.""",
        ),
        (
            '{directories: {match: ["/a/**/"], except: ["b"], empty: true}, after: 7d, action: delete}',
            """deletes empty directories that match `/a/**/` but not `b`, the deepest first,
            7d after their last change.""",
        ),
        ("{action: keep}", "keeps all files, with an owner or without, always."),
        (
            '{files: {match: ["/a/", "b", "c"]}, action: keep, for: 90d}',
            f"""keeps all files, with an owner or without, that match `/a/`, `b` or `c`,
            for at least 90d {EITHER}; then other rules may act.""",
        ),
        ("{jobs: {type: cut}, action: keep}", "keeps all files of `cut` jobs, always."),
        (
            "{jobs: {parameters: {series: a}}, files: {type: final_video}, action: keep}",
            "keeps files of type `final_video` of any job whose `series` is `a`, always.",
        ),
        (
            "{files: {type: final_video, tracked: any}, action: keep}",
            "keeps files of type `final_video` of any job, always.",
        ),
        (
            "{jobs: {status: running}, files: {tracked: any}, action: keep}",
            "keeps all files of running jobs, and files without an owner, always.",
        ),
    ],
)
def test_a_rule_is_said_in_one_sentence_with_silence_filled_in(rule: str, said: str) -> None:
    """Who, what, where, when: also what the rule leaves to its defaults."""
    assert say(rule) == f"`r` {' '.join(said.split())}"


def test_the_settings_are_said_after_the_rules() -> None:
    """The built-in rule, the shield, and debug mode hold whatever the rules say."""
    settings = (
        "version: 1\nkind: settings\ncleanup: {retention: 2d, preserve_on_failure: 14d, file_types: [temp_video]}\n"
    )
    cleanup = "version: 1\nkind: cleanup\nrules:\n  - {name: k, action: keep}\n"
    policies = load_texts({"/p/a.yaml": LAYOUT, "/p/b.yaml": cleanup, "/p/c.yaml": settings})
    assert sentences(policies) == (
        "`k` keeps all files, with an owner or without, always.",
        f"Where no rule selects: temporary files of type `temp_video` {GONE} 2d {WELL} 14d {NOT_WELL}",
        f"{FAILED_STAY} until 14d after its end, {RUNNING_STAY}",
        IN_DEBUG_MODE,
    )


def test_the_defaults_are_said_too() -> None:
    """Without settings a failed job's files stay for ever."""
    assert sentences(load_texts({"/p/a.yaml": LAYOUT})) == (
        f"Where no rule selects: temporary files {GONE} 1d {WELL} those of a failed job stay.",
        f"{FAILED_STAY} for ever, {RUNNING_STAY}",
        IN_DEBUG_MODE,
    )


def test_switched_off_cleanup_and_debug_mode_are_said() -> None:
    """A reader must not wonder why nothing goes."""
    cleanup = "{enabled: false, preserve_on_failure: false}"
    text = f"version: 1\nkind: settings\ndebug: true\ncleanup: {cleanup}\n"
    assert sentences(load_texts({"/p/a.yaml": LAYOUT, "/p/c.yaml": text})) == (
        f"Where no rule selects: temporary files {GONE} 1d {WELL} 1d {NOT_WELL}",
        "Nothing is removed while `cleanup.enabled` is false: every plan keeps everything.",
        f"{IN_DEBUG_MODE} It is on now.",
    )
    quiet = "version: 1\nkind: settings\ncleanup: {debug_mode_disables: false}\n"
    assert IN_DEBUG_MODE not in sentences(load_texts({"/p/a.yaml": LAYOUT, "/p/c.yaml": quiet}))


def test_a_guarantee_is_said_after_the_rules() -> None:
    """What no rule removes, ever or for how long."""
    text = """\
version: 1
kind: guarantees
never_removed:
  - {name: finals, files: {match: "/finals/", except: "drafts/"}}
  - {name: early, jobs: {type: cut, status: failed}, files: {in: workspace}, for: 14d}
  - {name: strays, files: {tracked: false}, for: 7d}
"""
    early, finals, strays = sentences(load_texts({"/p/a.yaml": LAYOUT, "/p/g.yaml": text}))[-3:]
    job = "the end of the job, or the change of the file after it"
    assert (
        early == f"Guarantee `early`: no rule removes files of failed `cut` jobs in a workspace until 14d after {job}."
    )
    which = "files, with an owner or without, that match `/finals/` but not `drafts/`"
    assert finals == f"Guarantee `finals`: no rule ever removes {which}."
    last = "7d after the last change of the file"
    assert strays == f"Guarantee `strays`: no rule removes files without an owner until {last}."
