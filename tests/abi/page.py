#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of doc/abi.md name every public struct, and every constant once. usage: page.py SOURCE_DIR"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'headers'))
from declared import Headers, values  # noqa: E402


def table(page, heading):
    """What stands in the first column of the table under a heading."""
    part = re.search(rf'^## {heading}$(.*?)(?=^## |\Z)', page, flags=re.M | re.S)
    return [name for row in re.findall(r'^\| (`.*?) \|', part.group(1) if part else '', flags=re.M) for name in re.findall(r'`([^`]+)`', row)]


def compare(what, want, listed):
    bad = [f'{what}: {name} is not on the page' for name in sorted(want - set(listed))]
    return bad + [f'{what}: {name} is on the page only' for name in sorted(set(listed) - want)]


def wrong(headers, page):
    grow = {name for name, struct in headers.structs.items() if 'struct_size' in [member.name for member in struct.members]}
    bad = compare('may grow', grow, table(page, 'Structs that may grow'))
    bad += compare('never changes', set(headers.structs) - grow, table(page, 'Structs that never change'))
    listed = table(page, 'Constants')
    used = set()
    for name in sorted(values(headers)):
        # RG_E… is RG_EINVAL, but not RG_EVENT_ALL.
        rows = [row for row in listed if re.fullmatch(row.replace('_…', r'_\w+').replace('…', '[A-Z]+'), name)]
        used.update(rows)
        if len(rows) != 1:
            bad.append(f'constants: {name} has the rows {rows}')
    return bad + [f'constants: {row} matches nothing' for row in listed if row not in used]


def seeded(headers, page):
    """What is missing or too much on a page is found."""
    seeds = [('| `rg_commit` ', '| `rg_comit` '), ('| `rg_str` ', '| `rg_commit` '),
             ('| `RG_LOG_…` ', '| `RG_LOGS_…` '), ('| `RG_LOG_…` ', '| `RG_…` ')]
    return [f'{new} was accepted for {old}' for old, new in seeds if old not in page or not wrong(headers, page.replace(old, new))]


root = pathlib.Path(sys.argv[1])
public = Headers(sorted((root / 'include' / 'rgstr').glob('*.h')))
text = (root / 'doc' / 'abi.md').read_text()
found = wrong(public, text) or seeded(public, text)
print('\n'.join(found) or f'{len(public.structs)} structs and {len(values(public))} constants are on the page')
sys.exit(1 if found else 0)
