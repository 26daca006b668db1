#!/bin/sh
# Makes one short video; works for the job that it finds in its environment, whoever started that.
set -eu
frames="$RULES_WORKSPACE/slides/frames"
video="$RULES_OUTPUT/shorts/short-form_Suits.S01E01_001.mkv"

mkdir "$frames"
rules job add "$RULES_JOB_ID" "$frames" --type temp_slide # whatever lands in it is the job's
for i in 1 2 3; do echo frame >"$frames/$i.png"; done
echo list >"$TMPDIR/list.txt" # what lies in the workspace need not be declared

cat "$frames"/*.png >"$TMPDIR/clip.mkv"
rules job add "$RULES_JOB_ID" "$video" --type final_video # declared before it exists: a crash leaves no orphan
mv "$TMPDIR/clip.mkv" "$video"
echo "published $video"
