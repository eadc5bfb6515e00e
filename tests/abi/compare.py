#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what was built with the ABI that is kept in this folder, and fails on every difference, additions included.

usage: compare.py library LIBRARY [WHY_NOT]     the dump of a shared library; WHY_NOT says why this build cannot be compared
       compare.py constants PROGRAM             the constants and layouts that a program prints (constants.py)
"""
import difflib
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import abi  # noqa: E402

SKIP = 77
here = pathlib.Path(__file__).resolve().parent
RENEW = """The ABI differs from the one kept in tests/abi/. Is this meant, and does doc/abi.md allow it? Then renew what is kept with
`tests/abi/dump BUILD_DIR` and commit it together with the change and a line under ABI in CHANGELOG.md."""


def skip(why):
    print(f'not compared: {why}')
    return SKIP


def library(path, why_not=''):
    if why_not:
        return skip(why_not)
    if not shutil.which('abidw') or not shutil.which('abidiff'):
        return skip('there is no abidw and abidiff (Debian: abigail-tools)')
    kept = here / f'{pathlib.Path(path).name.split(".so")[0]}.abi'
    if not kept.exists():
        return refused(f'{kept.name} is missing')
    before, after = kept.read_text(), abi.dump(path)
    return refused(abi.difference(before, after)) if before != after else 0


def constants(program):
    done = subprocess.run([program], capture_output=True, text=True)
    if done.returncode == SKIP:
        return skip('the kept layouts are those of 64 bits')
    before, after = (here / 'constants.txt').read_text().splitlines(), done.stdout.splitlines()
    if done.returncode or not after:
        return refused('the program with the constants failed')
    return refused('\n'.join(difflib.unified_diff(before, after, 'kept', 'built', lineterm='', n=0)))


def refused(what):
    if what:
        print(what, RENEW, sep='\n\n')
    return 1 if what else 0


sys.exit({'library': library, 'constants': constants}[sys.argv[1]](*sys.argv[2:]))
