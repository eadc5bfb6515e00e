#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every file to its layer: it may include headers of its own layer or lower, and there are no cycles.

The layer of a file is that of its room, a folder of lib/ that lib/meson.build lists.
Stores and adaptors include public headers only.

usage: layers.py SOURCE_DIR
"""
import pathlib
import re
import sys

PUBLIC = {'types': 0, 'status': 0, 'record': 2, 'request': 3, 'response': 3, 'message': 3, 'config': 4, 'policy': 4, 'store': 5,
          'registrar': 5}
ROOMS = {'text': 0, 'regex': 0, 'grammar': 1, 'model': 2, 'message': 3, 'config': 4, 'rules': 4, 'register': 4, 'decide': 4, 'route': 4, 'store': 5,
         'engine': 5, 'verbs': 5, 'federation': 5, 'overlay': 5, 'check': 5}
OUTSIDE = ['lib/sofia', 'backends/memory', 'backends/redis']


def includes(path):
    return re.findall(r'^\s*#\s*include\s+(["<][^">]+[">])', path.read_text(), flags=re.M)


def main():
    root = pathlib.Path(sys.argv[1])
    listed = set(re.findall(r"'(\w+/\w+\.c)'", (root / 'lib/meson.build').read_text()))
    bad, graph = [], {}
    for path in sorted(p for room in ROOMS for p in (root / 'lib' / room).glob('*.[ch]')):
        own, at = ROOMS[path.parent.name], f'{path.parent.name}/{path.name}'
        if path.suffix == '.c' and at not in listed:
            bad.append(f'{at} is in no room of lib/meson.build')
        for name in includes(path):
            if name.startswith('<rgstr/'):
                theirs = PUBLIC.get(pathlib.PurePath(name[1:-1]).stem)
            elif name.startswith('"'):
                theirs = ROOMS.get(name[1:].split('/')[0])
                if path.suffix == '.h':
                    graph.setdefault(at, set()).add(name[1:-1])
            else:
                continue
            if theirs is None or theirs > own:
                bad.append(f'{at} (layer {own}) includes {name} (layer {theirs})')
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
        own = {p.name for p in (root / folder).glob('*.h')} | {f'{folder[4:]}/{p.name}' for p in (root / folder).glob('*.h')}
        for path in sorted((root / folder).glob('*.[ch]')):
            for name in includes(path):
                if name.startswith('"') and name[1:-1] not in own:
                    bad.append(f'{folder}/{path.name} includes {name}: public headers only')
    print('\n'.join(bad) or f'{len(listed)} sources keep to their layers')
    return 1 if bad or not listed else 0


sys.exit(main())
