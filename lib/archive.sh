#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the static library that is installed: one object with plain code, in which only the public names are global. The objects of the
# build have internal names, which would meet those of the host, and may have bytecode, which only the same compiler can link.
# usage: archive.sh OUTPUT OBJECTS.a COMPILER AND FLAGS...
set -eu
output=$1
objects=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
object=$work/$(basename "$output" .a).o
"$@" -r -nostdlib -Wl,--whole-archive "$objects" -Wl,--no-whole-archive -o "$object"
"${OBJCOPY:-objcopy}" --localize-hidden "$object"
rm -f "$output"
"${AR:-ar}" rcsD "$output" "$object"
