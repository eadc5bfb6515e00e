#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of doc/abi.md name every public struct, and every constant once. The comment of a constant or of its enumeration says that a
later version may add to it, or raise it, when the page does, and only then. usage: page.py SOURCE_DIR"""
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


def comments(texts):
    """Each constant with the comments that stand at it and at its enumeration."""
    of = {}
    for text in texts:
        for over, body in re.findall(r'/\*\*((?:(?!\*/).)*)\*/\s*enum \{(.*?)\};', text, flags=re.S):
            for before, name, behind in re.findall(r'(?:/\*\*((?:(?!<|\*/).)*)\*/\s*)?\b(RG_\w+) = [^,/]+,?\s*(?:/\*\*<((?:(?!\*/).)*)\*/)?', body,
                                                   flags=re.S):
                of[name] = over + before + behind
        for over, name in re.findall(r'/\*\*((?:(?!\*/).)*)\*/\s*#define (RG_\w+) ', text, flags=re.S):
            of[name] = over
    return {name: ' '.join(re.sub(r'\n\s*\*', ' ', comment).split()) for name, comment in of.items()}


def growth(headers, page, said):
    """Constants whose comment and whose row differ in whether a later version may add to them."""
    part = re.search(r'^## Constants$(.*?)(?=^## |\Z)', page, flags=re.M | re.S)
    rows = {name: may for names, may in re.findall(r'^\| (`.*?) \| (yes|no)\b', part.group(1) if part else '', flags=re.M)
            for name in re.findall(r'`([^`]+)`', names)}
    bad = []
    for name in sorted(values(headers)):
        may = [may for row, may in rows.items() if re.fullmatch(row.replace('_…', r'_\w+').replace('…', '[A-Z]+'), name)]
        if may != ['yes' if 'later version' in said.get(name, '') else 'no']:
            bad.append(f'constants: {name} may grow by the page: {may}, but its comment is "{said.get(name)}"')
    return bad


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


def seeded(headers, page, said):
    """What is missing or too much on a page is found."""
    if not growth(headers, page, {**said, 'RG_LOG_DEBUG': 'a later version may add'}) or not growth(headers, page, {**said, 'RG_HOMES_MAX': ''}):
        return ['a comment that contradicts the page was accepted']
    seeds = [('| `rg_commit` ', '| `rg_comit` '), ('| `rg_str` ', '| `rg_commit` '),
             ('| `RG_LOG_…` ', '| `RG_LOGS_…` '), ('| `RG_LOG_…` ', '| `RG_…` ')]
    return [f'{new} was accepted for {old}' for old, new in seeds if old not in page or not wrong(headers, page.replace(old, new))]


root = pathlib.Path(sys.argv[1])
paths = sorted((root / 'include' / 'rgstr').glob('*.h'))
public, said = Headers(paths), comments(path.read_text() for path in paths)
text = (root / 'doc' / 'abi.md').read_text()
found = wrong(public, text) + growth(public, text, said) or seeded(public, text, said)
print('\n'.join(found) or f'{len(public.structs)} structs and {len(values(public))} constants are on the page')
sys.exit(1 if found else 0)
