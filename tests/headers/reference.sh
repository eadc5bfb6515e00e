#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the command of the README for the reference where nothing was built before. A warning is an error there.
# usage: reference.sh SOURCE_DIR
set -eu
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT

cp -r "$1/doc" "$1/include" "$clone"
cd "$clone"
doxygen doc/Doxyfile
for page in types record registrar reply; do
	[ -s "build-reference/html/${page}_8h.html" ] || { echo "no page for $page.h"; exit 1; }
done
