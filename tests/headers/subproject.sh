#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds, runs and installs a program in whose project this one is a subproject, for each value of default_library. Only the libraries
# asked for are installed, and a program outside links them with pkg-config alone. usage: subproject.sh SOURCE_DIR
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/host" "$work/host/subprojects"
ln -s "$source" "$work/host/subprojects/rgstr"
ln -s "$source/examples/minimal.c" "$source/examples/custom_store.c" "$work/host"
cat >"$work/host/subprojects/rgstr.wrap" <<'END'
[wrap-file]
directory = rgstr

[provide]
dependency_names = librgstr, librgstr-memory, librgstr-check
END
cat >"$work/host/meson.build" <<'END'
project('host', 'c', default_options: ['c_std=c11', 'buildtype=plain'])
rgstr = dependency('librgstr', version: '>= 0.1')
memory = dependency('librgstr-memory')
check = dependency('librgstr-check')
test('minimal', executable('minimal', 'minimal.c', dependencies: [rgstr, memory]))
test('custom store', executable('custom_store', 'custom_store.c', dependencies: check))
if get_option('archive')
  test('minimal alone', executable('minimal_alone', 'minimal.c', dependencies: dependency('librgstr-memory', static: true)))
endif
END
echo "option('archive', type: 'boolean', value: true)" >"$work/host/meson_options.txt"

fail() {
	echo "$form: $*" >&2
	exit 1
}
quiet() { # a command whose output only matters when it fails
	"$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "$*"; }
}
has() { # a library of this ending
	[ -e "$lib/librgstr$1" ] && [ -e "$lib/librgstr-memory$1" ] && [ -e "$lib/librgstr-check$1" ]
}
needs() { # whether a program loads our libraries
	readelf -d "$1" | grep -q 'NEEDED.*librgstr'
}

for form in shared static both; do
	build=$work/$form
	archive=$([ $form = shared ] && echo false || echo true)
	quiet env PKG_CONFIG_PATH= meson setup "$build" "$work/host" --prefix "$work/prefix-$form" --libdir lib -Drgstr:default_library=$form \
		-Drgstr:sofia=disabled -Drgstr:redis=disabled -Drgstr:glib=disabled -Drgstr:wire=disabled -Darchive="$archive"
	quiet meson compile -C "$build"
	quiet meson test -C "$build" --no-rebuild
	quiet meson install -C "$build" --no-rebuild
	lib=$work/prefix-$form/lib
	[ $form = static ] || has .so || fail "no shared library"
	[ $form != static ] || ! has .so || fail "a shared library"
	[ $form = shared ] || has .a || fail "no archive"
	[ $form != shared ] || ! has .a || fail "an archive"
	[ $form = static ] || needs "$build/minimal" || fail "does not load the shared library"
	[ $form != static ] || ! needs "$build/minimal" || fail "loads a shared library"
	[ "$archive" = false ] || ! needs "$build/minimal_alone" || fail "static: true loads a shared library"

	# As built for an ordinary program, and for one without any shared library.
	for static in "" -static; do
		[ "$static" = "" ] || [ $form != shared ] || continue
		rm -f "$work/outside"
		# shellcheck disable=SC2046,SC2086
		quiet cc -std=c11 $static "$source/examples/minimal.c" -o "$work/outside" \
			$(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config ${static:+--static} --cflags --libs librgstr-memory)
		LD_LIBRARY_PATH=$lib "$work/outside" >"$work/out"
		[ -s "$work/out" ] || fail "printed nothing"
	done
done
echo "built, ran and installed as a subproject"
