#!/bin/sh
# Runs tests unless they passed before with the same files, as the go command does with its own tests.
#
#   once.sh build/tab-tested command...
#
# The file keeps a checksum of everything the tests depend on. Without it, or with AGAIN=1, the tests run.
set -u
passed=$1
shift
sum=$({
	git ls-files -z --cached --others --exclude-standard handler functions host.json go.mod go.sum Makefile |
		xargs -0 sha256sum
	"${CHROMIUM:-chromium}" --version
	node --version
	go version
	echo "$*"
} 2>/dev/null | sha256sum)
if [ "${AGAIN:-}" != 1 ] && [ "$(cat "$passed" 2>/dev/null)" = "$sum" ]; then
	echo "passed before with the same files (AGAIN=1 runs them again): $(basename "$passed")"
	exit
fi
rm -f "$passed"
"$@" || exit
echo "$sum" >"$passed"
