#!/bin/sh
# One command is the whole job: it is sealed when the command has ended, and failed when that or this was killed.
exec rules run short_form series=Suits episode=S01E01 language=ko -- sh "$(dirname "$0")/render.sh"
