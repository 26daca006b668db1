#!/bin/sh
# A script that is the job itself. Nobody watches its process, so a lease says when it counts as abandoned.
set -eu
# In two steps, or a job that cannot start would go unnoticed: `eval ""` succeeds.
job=$(rules job start short_form series=Suits episode=S01E01 language=ko --lease 12h --env)
eval "$job"
trap 'rules job finish --failed "$RULES_JOB_ID"' EXIT
sh "$(dirname "$0")/render.sh"
trap - EXIT
rules job finish "$RULES_JOB_ID"
