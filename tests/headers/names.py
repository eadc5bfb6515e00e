#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No static function name and no struct, union or enum tag is defined in two files of lib/ and backends/: then a name in a backtrace, a
profile or a search means one place.

usage: names.py SOURCE_DIR
"""
import pathlib
import re
import sys

FUNCTION = re.compile(r'^static\s[^;={}()]*?\b(\w+)\([^;{}]*\)\s*\{', flags=re.M)
TAG = re.compile(r'\b(?:struct|union|enum)\s+(\w+)\s*\{')


def definitions(path):
    text = re.sub(r'/\*.*?\*/', ' ', path.read_text(), flags=re.S)
    return {('function', name) for name in FUNCTION.findall(text)} | {('tag', name) for name in TAG.findall(text)}


def main():
    root = pathlib.Path(sys.argv[1])
    files = [p for top in ('lib', 'backends') for p in sorted((root / top).glob('*/*.[ch]'))]
    places = {}
    for path in files:
        for definition in definitions(path):
            places.setdefault(definition, []).append(str(path.relative_to(root)))
    bad = [f'{kind} {name}: {", ".join(at)}' for (kind, name), at in sorted(places.items()) if len(at) > 1]
    # Patterns that match nothing would find every name distinct.
    if len(files) < 100 or len(places) < 500:
        bad.append(f'{len(files)} files with {len(places)} names: too few to be all')
    print('\n'.join(bad) or f'{len(places)} names in {len(files)} files are distinct')
    return 1 if bad else 0


sys.exit(main())
