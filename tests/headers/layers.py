#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds lib/ to its rooms. lib/meson.build lists them, a files() list a room, in the order of the way of the data.

- A file includes headers of its own room, the doors of rooms above it (lib/<room>/<room>.h) and public headers whose room is not below.
  A room that is a library of its own (librgstr-check, the adaptors) and the stores include public headers only.
- A private header never includes itself in the end.
- With OBJECTS, a static library of all objects: no room calls a function of a room below. A function that a header in include/rgstr
  declares may be called from everywhere below that header's room only, like any other.

usage: layers.py SOURCE_DIR [OBJECTS]
"""
import pathlib
import re
import subprocess
import sys

# The room that a public header belongs to: where its subject is built, or the first room that needs its types.
PUBLIC = {'types': 'text', 'status': 'text', 'record': 'model', 'message': 'message', 'reply': 'message', 'request': 'message',
          'response': 'message', 'config': 'config', 'policy': 'register', 'store': 'store'}
PUBLIC['constants'] = 'verbs'
PUBLIC |= dict.fromkeys(('env', 'events', 'federation', 'latency', 'lookup', 'op', 'prefetch', 'query', 'registrar', 'remove', 'save', 'stats', 'wait'),
                        'engine')

# What the core never does: create threads and processes, open sockets, print, end the process.
FORBIDDEN = ('pthread_create', 'thrd_create', 'fork', 'posix_spawn', 'system', 'socket', 'printf', 'fprintf', 'vprintf', '__printf_chk',
             '__fprintf_chk', '__vprintf_chk', 'puts', 'fputs', 'putchar', 'perror', 'abort', 'exit', '_exit', '__assert_fail')


def rooms_of(root):
    """The names of the rooms in order, and the files that are listed."""
    build = (root / 'lib/meson.build').read_text()
    order, listed = [], set()
    for room, body in re.findall(r'^(\w+) = files\((.*?)\)', build, flags=re.M | re.S):
        files = re.findall(r"'([\w/]+\.c)'", body)
        if not files:
            continue
        order.append(room)
        listed |= set(files)
        if any(f.split('/')[0] != room for f in files):
            sys.exit(f'lib/meson.build lists files of another room under {room}')
    return order, listed


def includes(path):
    return re.findall(r'^\s*#\s*include\s+(["<][^">]+[">])', path.read_text(), flags=re.M)


def check_include(at, room, name, place):
    """What is wrong with an include of a file in a room; None for nothing."""
    if name.startswith('<rgstr/'):
        theirs = PUBLIC.get(pathlib.PurePath(name[1:-1]).stem)
        if theirs is None or place[theirs] > place[room]:
            return f'{at} includes {name}, which belongs to {theirs}'
    elif name.startswith('"') or name[1:].split('/')[0] in place: # with -I lib, <room/header.h> is a room's header too
        theirs, _, header = name[1:-1].partition('/')
        if theirs not in place or not header:
            return f'{at} includes {name}: not a header of a room, with its folder'
        if place[theirs] > place[room]:
            return f'{at} includes {name}, which is below'
        if theirs != room and header != f'{theirs}.h':
            return f'{at} includes {name}, which is not the door of {theirs}'
    return None


def circles(graph):
    for start in graph:
        seen, todo = set(), list(graph[start])
        while todo:
            at = todo.pop()
            if at == start:
                yield f'{start} includes itself in the end'
                break
            if at not in seen:
                seen.add(at)
                todo += graph.get(at, ())


def check_rooms(root, order, listed):
    place = {room: i for i, room in enumerate(order)}
    bad, graph = [], {}
    for path in sorted(p for room in order for p in (root / 'lib' / room).glob('*.[ch]')):
        room, at = path.parent.name, f'{path.parent.name}/{path.name}'
        if path.suffix == '.c' and at not in listed:
            bad.append(f'{at} is in no room of lib/meson.build')
        for name in includes(path):
            bad.append(check_include(at, room, name, place))
            if path.suffix == '.h' and not name.startswith('<rgstr/'):
                graph.setdefault(at, set()).add(name[1:-1])
    return [b for b in bad if b] + list(circles(graph))


def check_outside(root, order):
    """Libraries of their own: in lib/ what is no room, and the stores."""
    bad, folders = [], [p for p in sorted((root / 'lib').iterdir()) if p.is_dir() and p.name not in order]
    folders += [p for p in sorted((root / 'backends').iterdir()) if p.is_dir()]
    for folder in folders:
        own = {f'{folder.name}/{p.name}' for p in folder.glob('*.h')} | {p.name for p in folder.glob('*.h')}
        for path in sorted(folder.glob('*.[ch]')):
            for name in includes(path):
                in_rooms = (root / 'lib' / name[1:-1]).exists() or (root / 'backends' / name[1:-1]).exists()
                if (name.startswith('"') or in_rooms) and name[1:-1] not in own:
                    bad.append(f'{folder.name}/{path.name} includes {name}: public headers only')
    return bad, len(folders)


def check_symbols(objects, order):
    """Undefined symbols of each object against the room that defines them. Objects are named <room>_<file>.c.o."""
    place = {room: i for i, room in enumerate(order)}
    text = subprocess.run(['nm', '-A', objects], check=True, capture_output=True, text=True).stdout
    defined, used = {}, []
    for member, kind, symbol in re.findall(r'(\w+\.c\.o):[ 0-9a-f]*([A-Za-z]) (\w+)$', text, flags=re.M):
        room = next((r for r in order if member.startswith(r + '_')), None)
        if room is None:
            sys.exit(f'{member} is of no room')
        if kind in 'TDBRVW':
            defined[symbol] = room
        elif kind == 'U':
            used.append((room, member, symbol))
    calls = [(member, symbol, defined[symbol]) for room, member, symbol in used if symbol in defined]
    bad = [f'{member} uses {symbol} of {theirs}, which is below' for member, symbol, theirs in calls
           if place[theirs] > place[next(r for r in order if member.startswith(r + '_'))]]
    # Slim objects show nm nothing: then the check would say yes to everything.
    if len(defined) < 300 or len(calls) < 500:
        bad.append(f'{objects} shows {len(defined)} symbols and {len(calls)} uses of them: too few to be the library')
    # A host loop and threads are the caller's: the core creates none.
    bad += [f'{member} uses {symbol}' for _, member, symbol in used
            if symbol in FORBIDDEN]
    return bad, len(calls)


def main():
    root = pathlib.Path(sys.argv[1])
    order, listed = rooms_of(root)
    bad = check_rooms(root, order, listed)
    outside, n_outside = check_outside(root, order)
    bad += outside
    said = f'{len(order)} rooms with {len(listed)} sources, {n_outside} libraries beside them'
    if len(sys.argv) > 2:
        calls, n = check_symbols(sys.argv[2], order)
        bad += calls
        said += f', {n} uses of symbols'
    print('\n'.join(sorted(set(bad))) or said)
    return 1 if bad or len(order) < 2 or len(listed) < 10 else 0


sys.exit(main())
