#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two lists of the README are those of the files that have effect: what is not in effect yet is what doc/parameters.md says, and the packages
that a build needs are those of tests/install-deps. usage: readme.py SOURCE_DIR"""
import re
import sys

root = sys.argv[1]


def text(name):
    return open(f'{root}/{name}').read()


def section(begin, end):
    return re.search(rf'^{begin}(.*?)^{end}', text('README.md'), flags=re.M | re.S).group(1)


def compare(what, want, listed):
    return [f'{what}: not in the README: {n}' for n in want - listed] + [f'{what}: in the README only: {n}' for n in listed - want]


def parameters():
    rows = re.findall(r'^\| `([^`]+)` .*\| (yes|not yet) \|', text('doc/parameters.md'), flags=re.M)
    want = {name for name, effect in rows if effect == 'not yet'}
    if not rows:
        return ['not in effect: nothing to compare']
    return compare('not in effect', want, set(re.findall(r'`([^`]+)`', section('## What is in effect$', '## '))))


def packages():
    rows = dict(re.findall(r'^\| (.*?) \| (.*?) \|$', section(r'\| for \| packages \|\n', r'$'), flags=re.M))
    others = {'tests': 'the tests', 'redis': '`./examples/try-redis`'}
    bad = []
    for variable in ['build', *others]:
        names = [others[variable]] if variable in others else [row for row in rows if row not in others.values()]
        want = re.search(rf'^{variable}="(.*?)"$', text('tests/install-deps'), flags=re.M | re.S).group(1).split()
        listed = re.findall(r'`([^`]+)`', ' '.join(rows.get(row, '') for row in names))
        bad += compare(f'packages to {variable}', set(want), set(listed)) if want and listed else [f'{variable}: nothing to compare']
    return bad


bad = parameters() + packages()
print('\n'.join(sorted(bad)) or 'the lists agree')
sys.exit(1 if bad else 0)
