#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds wrong includes into a copy of lib/ and backends/; layers.py must refuse each, and accept the copy as it is.

usage: layers_seeded.py SOURCE_DIR
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

SEEDS = [
    ('lib/model/key.c', '"store/store.h"'),        # a room below
    ('lib/model/key.c', '<store/store.h>'),        # the same, as a system header
    ('lib/store/call.c', '"grammar/uri.h"'),       # not a door
    ('lib/store/call.c', '<grammar/uri.h>'),
    ('lib/store/call.c', '"call.h"'),              # without its folder
    ('lib/text/buf.c', '<rgstr/store.h>'),         # a public header of a room below
    ('lib/text/addr.h', '"text/text.h"'),          # a circle
    ('lib/check/call.c', '<model/model.h>'),       # a library of its own
    ('lib/sofia/read.c', '"text/text.h"'),
    ('backends/memory/heap.c', '"store/store.h"'),
]


def accepts(copy):
    layers = pathlib.Path(__file__).with_name('layers.py')
    return subprocess.run([sys.executable, layers, copy], capture_output=True).returncode == 0


def main():
    source = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name)
        for folder in ('lib', 'backends'):
            shutil.copytree(source / folder, copy / folder)
        bad = [] if accepts(copy) else ['the tree as it is was refused']
        for path, include in SEEDS:
            text = (copy / path).read_text()
            (copy / path).write_text(text.replace('*/\n', f'*/\n#include {include}\n', 1))
            if (copy / path).read_text() == text or accepts(copy):
                bad.append(f'{path} with #include {include} was accepted')
            (copy / path).write_text(text)
    print('\n'.join(bad) or f'{len(SEEDS)} seeded includes were refused')
    return 1 if bad else 0


sys.exit(main())
