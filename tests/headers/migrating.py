#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doc/migrating.md holds: its C compiles against the public headers, its settings and flag strings are read, no example is missing.

The first block of C is the context of the others, each of which is the body of a function. usage: migrating.py SOURCE_DIR SETTINGS
"""
import re
import subprocess
import sys


def examples(page, bad):
    """Each example is a row of the table, or is called by its number in a heading or at the beginning of a paragraph."""
    there = re.findall(r'^\| 1\.(\d+) \| `', page, flags=re.M) + re.findall(r'^(?:### )?Example 1\.(\d+), ', page, flags=re.M)
    bad += [f'example 1.{i} is missing' for i in range(1, 39) if str(i) not in there]


def settings(page, table, bad):
    """A parameter carries over as it is: the row says the same of both, and of its effect what the table of parameters says. Returns
    the lines for the program that reads them."""
    sections = {name: (number, effect) for name, effect, number in
                re.findall(r'^\| `(\w+)` \|.*\| (yes|not yet) \| base 1\.3\.(\d+) \|', table, flags=re.M)}
    for number, there, here, note in re.findall(r'^\| 1\.(\d+) \| `(modparam[^`]+)` \| `([^`]+)` \|(.*)\|$', page, flags=re.M):
        name, value = re.fullmatch(r'modparam\("registrar", "(\w+)", "?([^"]*?)"?\)', there).groups()
        if here != f'{name} = {value}':
            bad.append(f'1.{number}: {there} is not {here}')
        effect = 'not yet' if 'not in effect yet' in note else 'yes'
        if sections.get(name) != (number, effect):
            bad.append(f'1.{number}: {name} is {sections.get(name)} in doc/parameters.md')
    lines = [f'config {here}' for here in re.findall(r'`(\w+ = [^`]+)`', page)]
    return lines + [f'{verb} {flags}' for verb, flags in re.findall(r'rg_(save|lookup)_options_new\(RG_STR\("([^"]+)"\)', page)]


def compiles(root, blocks, bad):
    text = blocks[0] + ''.join(f'\nvoid block_{i}(void);\nvoid block_{i}(void)\n{{\n{b}}}\n' for i, b in enumerate(blocks[1:], 1))
    run = subprocess.run(['cc', '-std=c11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I', f'{root}/include', '-x', 'c', '-'],
                         input=text, capture_output=True, text=True)
    if run.returncode:
        numbered = '\n'.join(f'{i:4} {line}' for i, line in enumerate(text.split('\n'), 1))
        bad.append(f'{numbered}\n{run.stderr}')


def main():
    root, program = sys.argv[1:]
    page = open(f'{root}/doc/migrating.md').read()
    blocks = re.findall(r'^```c\n(.*?)^```', page, flags=re.M | re.S)
    bad = []
    examples(page, bad)
    lines = settings(page, open(f'{root}/doc/parameters.md').read(), bad)
    compiles(root, blocks, bad)
    run = subprocess.run([program], input='\n'.join(lines), capture_output=True, text=True)
    if run.returncode:
        bad.append(run.stderr)
    print('\n'.join(bad) or f'{len(blocks)} blocks, {len(lines)} settings and flag strings')
    return 1 if bad or len(blocks) < 20 or len(lines) < 35 else 0


sys.exit(main())
