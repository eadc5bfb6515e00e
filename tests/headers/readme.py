#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The README's list of what is not in effect yet is the one of doc/parameters.md. usage: readme.py SOURCE_DIR"""
import re
import sys

root = sys.argv[1]
table = {m for m in re.findall(r'^\| `([^`]+)` .*\| not yet \|', open(f'{root}/doc/parameters.md').read(), flags=re.M)}
section = re.search(r'^## What is in effect$(.*?)^## ', open(f'{root}/README.md').read(), flags=re.M | re.S).group(1)
listed = set(re.findall(r'`([^`]+)`', section))
bad = [f'not in the README: {n}' for n in table - listed] + [f'in the README, but in effect or unknown: {n}' for n in listed - table]
print('\n'.join(sorted(bad)) or f'{len(table)} names agree')
sys.exit(1 if bad else 0)
