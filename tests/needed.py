#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the targets that the tests of these suites need: meson builds all of them before any test. usage: needed.py FOLDER SUITE..."""
import json
import os
import subprocess
import sys

folder, suites = os.path.realpath(sys.argv[1]), set(sys.argv[2:])


def introspect(what):
    return json.loads(subprocess.run(['meson', 'introspect', what, folder], stdout=subprocess.PIPE, check=True).stdout)


files = {target['id']: target['filename'] for target in introspect('--targets')}
tests = [test for test in introspect('--tests') if suites & {suite.split(':')[-1] for suite in test['suite']}]
missing = suites - {suite.split(':')[-1] for test in tests for suite in test['suite']}
if missing:
    sys.exit('no test is of ' + ', '.join(sorted(missing)))
needed = {name for test in tests for target in test['depends'] for name in files[target]}
print('\n'.join(sorted(os.path.relpath(name, folder) for name in needed)))
