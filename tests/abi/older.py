#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a client on a library that knows more members of every struct, and a client that knows more members on this library.

The grown tree is a copy in which every struct with a struct_size has two members more, added one after the other as doc/abi.md says: at the
end, and with an offset in the row of sizes. The client is tests/engine/sizes.c, which hands every size of every struct to every function
that takes one. examples/custom_store.c, with librgstr-check and librgstr-memory on the side of the client, holds stores and the core to each
other.

usage: older.py SOURCE_DIR BUILD_DIR CC...
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'headers'))
from declared import Headers  # noqa: E402

MEMBERS = ['grown', 'grown_again'] # 8 bytes each
ROW = r'((?:RG__SHAPE\(\w+, [^,;]+?, |\b\w+_sizes\[\] = \{ )(?:offsetof\([^;]*?\),\s)*)sizeof\((\w+)\)'
FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-DRG_VERSION="0"', '-O0', '-w', '-fstack-protector-all']
WRAPS = '-Wl,--export-dynamic,' + ','.join(f'--wrap={name}' for name in (
    'malloc', 'calloc', 'realloc', 'aligned_alloc', 'strndup', 'free'))
CLIENT = [f'tests/engine/{name}.c' for name in (
    'sizes', 'sizes_probes', 'sizes_scene', 'kit', 'allocations', 'kept', 'shim_deferred', 'store_memory')]
CLIENT += ['tests/runner/runner.c']


def grow(tree, member):
    """Adds a member to every struct, and its offset to the row of the struct. Returns the names."""
    grown = []
    for header in sorted((tree / 'include/rgstr').glob('*.h')):
        def one(found):
            grown.append(found[2])
            return f'{found[1]}\tuint64_t {member};\n}} {found[2]};'
        text = re.sub(r'(typedef struct \w+ \{\n\tuint32_t struct_size;.*?)^\} (\w+);', one, header.read_text(), flags=re.M | re.S)
        header.write_text(text)
    rows = []
    for path in [*(tree / 'lib').rglob('*.c'), *(tree / 'backends').rglob('*.c')]:
        def row(found):
            rows.append(found[2])
            return f'{found[1]}offsetof({found[2]}, {member}), sizeof({found[2]})'
        text = path.read_text()
        after = re.sub(ROW, row, text)
        if after != text:
            path.write_text(after if '<stddef.h>' in after else after.replace('\n#include', '\n#include <stddef.h>\n#include', 1))
    if set(grown) != set(rows) or len(grown) < 20:
        sys.exit(f'structs without a row: {sorted(set(grown) - set(rows))}; rows without a struct: {sorted(set(rows) - set(grown))}')
    return grown


def unprobed(tree, names):
    """The functions of librgstr and librgstr-memory that take such a struct and that the client does not call."""
    probes = (tree / CLIENT[1]).read_text()
    public = Headers(path for path in (tree / 'include/rgstr').glob('*.h') if path.name not in ('check.h', 'redis.h', 'sofia.h', 'wire.h'))
    taking = [function.name for function in public.functions.values() if names & {param.type.strip(' *').split()[-1] for param in function.params}]
    return [name for name in sorted(taking) if not name.endswith('_init') and not re.search(rf'\b{name}\b', probes)]


def rooms(tree):
    """The sources of librgstr."""
    lists = re.findall(r'^\w+ = files\((.*?)\)', (tree / 'lib/meson.build').read_text(), flags=re.M | re.S)
    return [f'lib/{name}' for body in lists for name in re.findall(r"'([\w/]+\.c)'", body)]


def objects(tree, sources, to, cc, more=()):
    """Compiles sources, several at once."""
    to.mkdir()

    def one(source):
        out = to / (source.replace('/', '_') + '.o')
        run = subprocess.run([*cc, *FLAGS, *more, '-I', tree / 'include', '-I', tree / 'lib', '-I', tree / 'tests/runner', '-c', tree / source, '-o', out],
                             capture_output=True, text=True)
        return out, run.stderr if run.returncode else ''

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(one, sources))
    bad = [said for _, said in done if said]
    if bad:
        sys.exit('\n'.join(bad))
    return [out for out, _ in done]


def run(name, cc, parts, to, more=()):
    """Links a program, runs it, and says what it said when it fails."""
    program = to / name
    linked = subprocess.run([*cc, *parts, '-o', program, '-lsodium', '-lmsgpackc', '-lpthread', *more], capture_output=True, text=True)
    if linked.returncode:
        sys.exit(linked.stderr)
    done = subprocess.run([program], capture_output=True, text=True, timeout=300)
    last = (done.stdout + done.stderr).strip().split('\n')
    print(f'{name}: {last[-1]}')
    if done.returncode:
        print('\n'.join(last[:40]))
    return done.returncode != 0


def main():
    source, build, cc = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    now = {name: build / place for name, place in {'core': 'lib/librgstr_objects.a', 'memory': 'backends/memory/librgstr_memory_objects.a',
                                                   'check': 'lib/check/librgstr_check_objects.a'}.items()}
    with tempfile.TemporaryDirectory() as name:
        room, grown = pathlib.Path(name), pathlib.Path(name, 'grown')
        for part in ('include', 'lib', 'backends', 'tests/engine', 'tests/runner', 'examples'):
            shutil.copytree(source / part, grown / part)
        for member in MEMBERS:
            names = grow(grown, member)
        missing = unprobed(source, set(names))
        if missing:
            sys.exit(f'{CLIENT[1]} calls none of {missing}')
        memory = [f'backends/memory/{path.name}' for path in sorted((grown / 'backends/memory').glob('*.c'))]
        check = [f'lib/check/{path.name}' for path in sorted((grown / 'lib/check').glob('*.c'))]
        core, store = objects(grown, rooms(grown), room / 'core', cc), objects(grown, memory, room / 'memory', cc)
        checks = objects(grown, check, room / 'check', cc)
        shop, more = ['examples/custom_store.c'], 8 * len(MEMBERS)
        failed = [
            run('an older client', cc, [*objects(source, CLIENT, room / 'a', cc, [f'-DAHEAD={more}']), *core, *store], room, [WRAPS]),
            run('a newer client', cc, [*objects(grown, CLIENT, room / 'b', cc, [f'-DAHEAD=-{more}']), now['memory'], now['core']], room, [WRAPS]),
            run('older stores', cc, [*objects(source, shop, room / 'c', cc), now['check'], now['memory'], *core], room),
            run('newer stores', cc, [*objects(grown, shop, room / 'd', cc), *checks, *store, now['core']], room),
        ]
    print(f'{len(names)} structs grew')
    return 1 if any(failed) else 0


sys.exit(main())
