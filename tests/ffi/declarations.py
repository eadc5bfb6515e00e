#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The installed file of declarations holds exactly the functions that the maps export, nothing but plain declarations, and says what the
headers say. For the last, a compiler reads the file beside the headers: functions and callbacks are declared once more, and structs under
another name are compared member by member.

usage: declarations.py INCLUDE_DIR CDEF MAP...
"""
import pathlib
import re
import subprocess
import sys

include, path, maps = sys.argv[1], sys.argv[2], sys.argv[3:]
text = re.sub(r'/\*.*?\*/', '', pathlib.Path(path).read_text())

STRUCT = re.compile(r'^typedef struct (\w+) \{\n(.*?)^\} \1;\n', flags=re.M | re.S)
ENUM = re.compile(r'^enum \{\n(.*?)^\};\n', flags=re.M | re.S)
FUNCTION = re.compile(r'^[\w *]*?\b(rg_\w+)\([^()]*\);$', flags=re.M)
MEMBER = re.compile(r'(\w+)(?:\[\w+\]|\)\([^;]*\))?;$', flags=re.M)

structs = dict(STRUCT.findall(text))
enumerators = re.findall(r'^\t(\w+) = (-?\d+),$', ''.join(ENUM.findall(text)), flags=re.M)
once_more = ENUM.sub('', STRUCT.sub('', text))
functions = FUNCTION.findall(once_more)


def compiled():
    """What the compiler says to the file beside the headers."""
    source = [f'#include <rgstr/{p.name}>' for p in sorted(pathlib.Path(include, 'rgstr').glob('*.h'))]
    source += ['#include <stddef.h>', once_more]
    source += [f'_Static_assert({name} == {value}, "{name}");' for name, value in enumerators]
    for name, body in structs.items():
        source += [f'struct again_{name} {{\n{body}}};', f'_Static_assert(sizeof(struct again_{name}) == sizeof({name}), "{name}");']
        for member in MEMBER.findall(body):
            source += [f'_Static_assert(offsetof(struct again_{name}, {member}) == offsetof({name}, {member}), "{name}.{member}");',
                       f'_Static_assert(__builtin_types_compatible_p(__typeof__(((struct again_{name} *)0)->{member}), '
                       f'__typeof__((({name} *)0)->{member})), "type of {name}.{member}");']
    done = subprocess.run(['cc', '-std=c11', '-fsyntax-only', '-I', include, '-x', 'c', '-'],
                          input='\n'.join(source), capture_output=True, text=True)
    return done.stderr.splitlines()


def main():
    exported = {n for m in maps for n in re.findall(r'^\s*(rg_\w+);', pathlib.Path(m).read_text(), flags=re.M)}
    bad = [f'exported, not declared: {n}' for n in exported - set(functions)]
    bad += [f'declared, not exported: {n}' for n in set(functions) - exported]
    bad += [f'declared twice: {n}' for n in set(functions) if functions.count(n) > 1]
    bad += [f'not plain: {word}' for word in re.findall(r'#.*|\bextern\b.*|\b__\w+|\bRG_API\b', text)]
    bad += compiled()
    said = f'{len(functions)} functions, {len(structs)} structs, {len(enumerators)} enumerators'
    # Patterns that match nothing would find everything right.
    if len(functions) < 100 or len(structs) < 20 or len(enumerators) < 80:
        bad.append(f'{said}: too few to be all')
    print('\n'.join(sorted(bad)) or said)
    return 1 if bad else 0


sys.exit(main())
