#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every C file is part of the build: a test file that no list names tests nothing."""
import json
import os
import sys

source, build = (os.path.realpath(folder) for folder in sys.argv[1:3])
with open(os.path.join(build, 'compile_commands.json')) as commands:
    compiled = {os.path.realpath(os.path.join(row['directory'], row['file'])) for row in json.load(commands)}
# Compiled by the tests of the headers themselves; only where our own runner executes the tests; with and without the TLS of hiredis.
apart = {os.path.join(source, name) for name in ('backends/redis/tls.c', 'backends/redis/tls_none.c', 'tests/headers/alone.c', 'tests/engine/starved.c', 'tests/redis/store_engine.c')}
left = []
for folder in ('lib', 'backends', 'examples', 'doc', 'tests'):
    for path, _, names in os.walk(os.path.join(source, folder)):
        left += [os.path.join(path, name) for name in names if name.endswith('.c') and os.path.join(path, name) not in compiled | apart]
for path in sorted(left):
    print('%s is not part of the build' % os.path.relpath(path, source))
sys.exit(1 if left else 0)
