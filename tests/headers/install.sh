#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the built tree into a staging folder and builds, links and runs an outside program with pkg-config alone. Links it
# once more without any shared library, where the archives are built, and into a shared library of its own.
# usage: install.sh BUILD_DIR SOURCE_DIR DEFAULT_LIBRARY
set -eu
build=$1
source=$2
form=$3
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$stage"
pc=$(find "$stage" -name librgstr.pc)
[ -n "$pc" ] || { echo "librgstr.pc was not installed"; exit 1; }
# The prefix in the .pc file is the final one: redefine it to the staging folder.
prefix=$(sed -n 's/^prefix=//p' "$pc")
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
flags() {
	pkg-config --define-variable=prefix="$stage$prefix" "$@"
}
lib=$(flags --variable=libdir librgstr)
names=$(cd "$PKG_CONFIG_PATH" && echo librgstr*.pc | sed 's/\.pc//g')
for outside in minimal custom_store; do
	# shellcheck disable=SC2046
	cc -std=c11 -pedantic -Wall -Wextra -Werror ${RG_OUTSIDE_FLAGS:-} "$source/examples/$outside.c" -o "$stage/$outside" \
		$(flags --cflags --libs librgstr-memory librgstr-check librgstr)
	LD_LIBRARY_PATH=$lib "$stage/$outside" >"$stage/$outside.out"
	[ -s "$stage/$outside.out" ] || { echo "$outside printed nothing"; exit 1; }
done
if [ "$form" != shared ]; then
	# shellcheck disable=SC2046
	cc -std=c11 -static "$source/examples/custom_store.c" -o "$stage/static" $(flags --static --cflags --libs librgstr-check)
	"$stage/static" >"$stage/static.out"
	cmp "$stage/static.out" "$stage/custom_store.out"
	# Position-independent, as a binding for another language needs it.
	# shellcheck disable=SC2046,SC2086
	cc -shared -Wl,--no-undefined -o "$stage/whole.so" -Wl,--whole-archive "$lib"/librgstr*.a -Wl,--no-whole-archive \
		$(flags --static --libs $names)
fi
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror ${RG_OUTSIDE_FLAGS:-} "$source/examples/epoll.c" -o "$stage/epoll" \
	$(flags --cflags --libs librgstr-memory librgstr)
# A user of the declarations finds them where the package says.
grep -q "rg_registrar_new" "$stage$(pkg-config --variable=cdef librgstr)"
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror ${RG_OUTSIDE_FLAGS:-} "$source/tests/ffi/user.c" -o "$stage/user" \
	$(flags --cflags --libs librgstr-memory librgstr)
LD_LIBRARY_PATH=$lib "$stage/user"
for name in $names; do
	[ "$(flags --modversion $name)" = "$(flags --modversion librgstr)" ]
done
if grep -rn "$source" "$stage$prefix"/include; then
	echo "an installed header names the source folder"
	exit 1
fi
echo "installed, built and ran"
