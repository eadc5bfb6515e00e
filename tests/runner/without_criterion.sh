#!/bin/sh
# SPDX-License-Identifier: MIT
# Sets the project up where pkg-config finds no Criterion: tests that were asked for must not go missing. usage: without_criterion.sh SOURCE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/pkg-config" <<END
#!/bin/sh
case "\$*" in *criterion*) exit 1 ;; esac
exec ${PKG_CONFIG:-pkg-config} "\$@"
END
chmod +x "$work/pkg-config"

expect() { # exit status, what the output says, meson options
	status=0
	rm -rf "$work/build"
	# shellcheck disable=SC2086
	PKG_CONFIG=$work/pkg-config meson setup "$work/build" "$source" $3 >"$work/log" 2>&1 || status=1
	if [ $status -ne "$1" ] || ! grep -q "$2" "$work/log"; then
		cat "$work/log"
		echo "with '$3': the status is $status, or it does not say '$2'"
		exit 1
	fi
}

source=$1
expect 1 'Dependency "criterion" not found' -Dtests=enabled
expect 0 'tests *: NO' -Dtests=auto
expect 0 'tests *: YES' '-Dtests=enabled -Drunner=own'
