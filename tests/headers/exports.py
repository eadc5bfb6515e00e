#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The names a header marks RG_API, those its library's map lists and those the library exports, shared or static, are the same names.

usage: exports.py INCLUDE_DIR MAP LIBRARY HEADER...
With --write the map is written instead: exports.py --write INCLUDE_DIR MAP VERSION_NODE HEADER...
"""
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from declared import Headers  # noqa: E402


def declared(include, headers):
    return set(Headers(f'{include}/rgstr/{header}' for header in headers).functions)


def main():
    args = sys.argv[1:]
    if args[0] == '--write':
        include, path, node, headers = args[1], args[2], args[3], args[4:]
        lines = [f'{node} {{', 'global:'] + [f'\t{name};' for name in sorted(declared(include, headers))]
        open(path, 'w').write('\n'.join(lines + ['local:', '\t*;', '};', '']))
        return 0
    include, path, library, headers = args[0], args[1], args[2], args[3:]
    want = declared(include, headers)
    listed = set(re.findall(r'^\s*(rg_\w+);', open(path).read(), flags=re.M))
    table = '--extern-only' if library.endswith('.a') else '--dynamic'
    symbols = subprocess.run(['nm', table, '--defined-only', library], check=True, capture_output=True, text=True).stdout
    exported = {m for m in re.findall(r' [A-Z] (\S+?)(?:@\S*)?$', symbols, flags=re.M) if not re.match(r'[A-Z0-9_.]+$', m)}
    bad = [f'declared, not in the map: {n}' for n in want - listed]
    bad += [f'in the map, not declared: {n}' for n in listed - want]
    bad += [f'declared, not exported: {n}' for n in want - exported]
    bad += [f'exported, not declared: {n}' for n in exported - want]
    print('\n'.join(sorted(bad)) or f'{len(want)} names agree')
    return 1 if bad or not want else 0


sys.exit(main())
