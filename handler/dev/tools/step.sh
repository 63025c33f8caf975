#!/bin/sh
# Runs a step that may take long. It says what the step is, every half a minute that it still goes on, and then how
# long it took. The exit code is the command's.
#
#   step.sh "compiling" command...
set -u
step=$1
shift
short=${step%% (*} # two steps may go on at once
begin=$(date +%s)
echo "$step ..."
(
	sleeping=
	trap 'kill $sleeping 2>/dev/null; exit' TERM
	while :; do
		sleep 30 &
		sleeping=$!
		wait $sleeping
		echo "  ... $(($(date +%s) - begin)) s, $short"
	done
) &
clock=$!
trap 'kill $clock 2>/dev/null; wait $clock 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$@"
code=$?
took=$(($(date +%s) - begin))
[ "$took" -lt 5 ] || echo "  took $took s, $short"
exit $code
