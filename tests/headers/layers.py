#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every file to its layer: it may include headers of its own layer or lower, and there are no cycles.

The layer of a source file is where lib/meson.build lists it; a private header has the layer of the source of the same name.
Stores and adaptors include public headers only.

usage: layers.py SOURCE_DIR
"""
import pathlib
import re
import sys

PUBLIC = {'types': 0, 'status': 0, 'record': 2, 'request': 3, 'response': 3, 'message': 3, 'config': 4, 'policy': 4, 'store': 5,
          'registrar': 5}
# Private headers without a source of the same name.
PRIVATE = {'model': 2, 'policy': 4, 'parameters': 4, 'flags': 4}
OUTSIDE = ['lib/sofia', 'backends/memory', 'backends/redis']


def includes(path):
    return re.findall(r'^\s*#\s*include\s+(["<][^">]+[">])', path.read_text(), flags=re.M)


def main():
    root = pathlib.Path(sys.argv[1])
    build = (root / 'lib/meson.build').read_text()
    layer = {}
    for number, body in re.findall(r'^layer(\d) = files\((.*?)\)', build, flags=re.M | re.S):
        for name in re.findall(r"'(\w+)\.c'", body):
            layer[name] = int(number)
    bad = []
    for path in sorted((root / 'lib').glob('*.c')):
        if path.stem not in layer:
            bad.append(f'{path.name} is in no layer of lib/meson.build')
    graph = {}
    for path in sorted((root / 'lib').glob('*.[ch]')):
        own = layer.get(path.stem, PRIVATE.get(path.stem))
        if own is None:
            bad.append(f'{path.name} has no layer: list it in PRIVATE')
            continue
        for name in includes(path):
            stem = pathlib.PurePath(name[1:-1]).stem
            if name.startswith('<rgstr/'):
                theirs = PUBLIC.get(stem)
            elif name.startswith('"'):
                theirs = layer.get(stem, PRIVATE.get(stem))
                if path.suffix == '.h':
                    graph.setdefault(path.name, set()).add(name[1:-1])
            else:
                continue
            if theirs is None or theirs > own:
                bad.append(f'{path.name} (layer {own}) includes {name} (layer {theirs})')
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            at = todo.pop()
            if at == start:
                bad.append(f'{start} includes itself in the end')
                break
            if at not in seen:
                seen.add(at)
                todo += graph.get(at, ())
    for folder in OUTSIDE:
        own = {p.name for p in (root / folder).glob('*.h')}
        for path in sorted((root / folder).glob('*.[ch]')):
            for name in includes(path):
                if name.startswith('"') and name[1:-1] not in own:
                    bad.append(f'{folder}/{path.name} includes {name}: public headers only')
    print('\n'.join(bad) or f'{len(layer)} sources keep to their layers')
    return 1 if bad or not layer else 0


sys.exit(main())
