#!/bin/sh
# Names what is missing on this machine, all of it at once. As root on Debian it installs what can be installed.
#
#   need.sh edit      for make edit
#   need.sh build     for make build, make run and make demo
#   need.sh test      for the tests as well
#   need.sh turbo     0 if libjpeg-turbo can be linked in, without a word
#   need.sh skipped   prints what tests were skipped because something is missing that no test names itself
#
# A program is known by what it says of itself: another one may have the same name. Settings: GO, TURBO=0, CHROMIUM.
set -u
here=$(dirname "$0")

says() { # an extended regular expression, and the command that is to say it
	pattern=$1
	shift
	"$@" 2>/dev/null </dev/null | grep -Eq "$pattern"
}

# The checks.
has_go() { says '^go1\.(2[6-9]|[3-9][0-9])' "${GO:-go}" env GOVERSION; }
has_node() { says '^v(2[0-9]|[3-9][0-9])\.' node --version && says '^[0-9]+\.' npm --version; }
has_turbo() {
	[ "${TURBO:-1}" = 0 ] ||
		printf '#include <stdio.h>\n#include <turbojpeg.h>\nint main(void) { return !tjInitCompress(); }' |
		cc -x c - -o /dev/null -l:libturbojpeg.a -lm 2>/dev/null
}
has_imagemagick() {
	for convert in magick convert convert-im6 convert-im6.q16 /usr/bin/convert; do
		says '^Version: ImageMagick [0-9]' "$convert" -version && return
	done
	return 1
}
has_exiftool() { says '^[0-9]+\.[0-9]+$' exiftool -ver || says '^[0-9]+\.[0-9]+$' /usr/bin/exiftool -ver; }
has_chromium() {
	for chromium in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome; do
		says '^(Chromium|Google Chrome) ' "$chromium" --version && return
	done
	return 1
}

# The list: check, Debian's packages (- if Debian 12 has none that is new enough), what it is, what is lost without it.
list() {
	echo 'go|-|Go 1.26 or later (https://go.dev/dl/)|nothing can be built'
	[ "$1" = edit ] ||
		echo 'node|-|Node.js 20 or later with npm (https://nodejs.org/)|neither the tab nor Azurite, for storage, runs'
	echo 'turbo|gcc libc6-dev libturbojpeg0-dev|libjpeg-turbo and a C compiler|JPEG files take three times as long'
	[ "$1" = test ] || return
	echo 'imagemagick|imagemagick|ImageMagick|tests that compare with it are skipped'
	echo 'exiftool|libimage-exiftool-perl|ExifTool|tests that compare with it are skipped'
	echo 'chromium|chromium|Chromium|the tab is not tried in a browser'
}

missing() { list "$1" | while IFS='|' read -r check rest; do "has_$check" || echo "$check|$rest"; done; }

packages() { echo "$1" | awk -F'|' 'NF && $2 != "-" { printf "%s%s", between, $2; between = " " }'; }

install() { # Debian's packages
	log=$(mktemp)
	apt='apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o DPkg::Lock::Timeout=120'
	sh "$here/step.sh" "installing $*" env DEBIAN_FRONTEND=noninteractive \
		sh -c "{ $apt update && $apt install -y --no-install-recommends $*; } >'$log' 2>&1" || tail -n 5 "$log"
	rm -f "$log"
}

need=${1:-}
case $need in
edit | build | test) ;;
turbo)
	has_turbo
	exit ;;
skipped)
	has_chromium ||
		echo 'SKIPPED: all that the tab does in a browser. Chromium is not installed: apt-get install chromium'
	exit ;;
*)
	sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
	exit 2 ;;
esac

lacking=$(missing "$need")
[ -z "$lacking" ] && exit
packages=$(packages "$lacking")
if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	# shellcheck disable=SC2086
	install $packages
	lacking=$(missing "$need")
	[ -z "$lacking" ] && exit
	packages=$(packages "$lacking")
fi
echo 'Missing on this machine:'
echo "$lacking" | while IFS='|' read -r check debian what without; do echo "  $what: without it $without"; done
[ -z "$packages" ] || echo "As root on Debian: apt-get install $packages"
! echo "$lacking" | grep -Eq '^(go|node)\|'
