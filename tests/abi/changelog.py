#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who renews the kept ABI says so: the last commit that changed tests/abi/*.abi or constants.txt has also added a line under ABI in
CHANGELOG.md, and so has the working tree when it differs from the last commit. A merge is compared with its first parent.

usage: changelog.py SOURCE_DIR
"""
import re
import subprocess
import sys

SKIP = 77
KEPT = ['tests/abi/*.abi', 'tests/abi/constants.txt']


class NoHistory(Exception):
    pass


def git(root, *args):
    try:
        done = subprocess.run(['git', '-C', root, *args], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NoHistory('there is no git') from error
    if done.returncode:
        raise NoHistory(done.stderr.strip() or f'git {args[0]} failed')
    return done.stdout


def sections(text):
    """The lines under each heading ABI."""
    parts = re.findall(r'^### ABI$(.*?)(?=^##|\Z)', text, flags=re.M | re.S)
    return {line.strip() for part in parts for line in part.splitlines() if line.strip()}


def page(root, commit):
    there = git(root, 'ls-tree', '--name-only', commit, 'CHANGELOG.md').strip()
    return git(root, 'show', f'{commit}:CHANGELOG.md') if there else ''


def unsaid(root):
    """What was renewed without a word; '' when nothing was."""
    top = git(root, 'rev-parse', '--show-cdup').strip()
    if top:
        raise NoHistory('the source is a folder of another repository')
    if git(root, 'status', '--porcelain', '--', *KEPT).strip():
        with open(f'{root}/CHANGELOG.md') as now:
            if not sections(now.read()) - sections(page(root, 'HEAD')):
                return 'the working tree'
    commit = git(root, 'log', '-1', '--format=%H', '--', *KEPT).strip()
    if not commit:
        return ''
    parents = git(root, 'log', '-1', '--format=%P', commit).split()
    # The oldest commit of a shallow clone seems to have added every file.
    if not parents and git(root, 'rev-parse', '--is-shallow-repository').strip() == 'true':
        raise NoHistory('the clone is too shallow')
    before = page(root, parents[0]) if parents else ''
    return '' if sections(page(root, commit)) - sections(before) else git(root, 'log', '-1', '--format=%h %s', commit).strip()


if __name__ == '__main__':
    try:
        found = unsaid(sys.argv[1])
    except NoHistory as reason:
        print(f'not checked: {reason}')
        sys.exit(SKIP)
    if found:
        print(f'{found}: tests/abi/ was renewed without a line under ABI in CHANGELOG.md')
    sys.exit(1 if found else 0)
