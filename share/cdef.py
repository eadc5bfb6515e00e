#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the public headers as one file of plain C declarations, which cffi, LuaJIT and readers of a few lines accept as it is.

The file has no macro, attribute, include or `extern "C"`. Each typedef, enumerator, struct member and function has a line of its own. The
value of an enumerator is a decimal number, and an array as a parameter is a pointer. A constant that is only a macro, because it does not
fit an int, is not in the file: rg_constant() tells it.

usage: cdef.py INCLUDE_DIR HEADER..., with the names of headers that include all others
"""
import pathlib
import re
import sys

LICENSE = '/* SPDX-License-Identifier: MIT */\n/* The declarations of <rgstr/*.h>, made from them for readers without a preprocessor. */\n'


def read(path):
    """The text of a header without comments, with one line for each preprocessor line."""
    text = re.sub(r'/\*.*?\*/', ' ', path.read_text(), flags=re.S)
    return text.replace('\\\n', ' ')


def in_order(include, names, seen=None):
    """The paths of the headers, each after those that it includes."""
    seen = {} if seen is None else seen
    for name in names:
        if name in seen:
            continue
        seen[name] = None # the place is taken, so that headers may include each other
        path = include / 'rgstr' / name
        in_order(include, re.findall(r'^\s*#\s*include\s+<rgstr/([\w.]+)>', read(path), flags=re.M), seen)
        seen[name] = seen.pop(name) or path
    return list(seen.values())


def without_preprocessor(text):
    """The text for a compiler of C: without preprocessor lines, and without what is for C++ only."""
    kept, skipping = [], []
    for line in text.splitlines():
        word = re.match(r'\s*#\s*(\w+)(.*)', line)
        if not word:
            kept += [] if any(skipping) else [line]
        elif word[1] in ('if', 'ifdef', 'ifndef'):
            skipping.append('__cplusplus' in word[2] and word[1] != 'ifndef')
        elif word[1] == 'else':
            skipping[-1] = not skipping[-1]
        elif word[1] == 'endif':
            skipping.pop()
    return '\n'.join(kept)


def declarations(text):
    """The declarations of a text, each on one line and without its semicolon."""
    depth, start = 0, 0
    for at, char in enumerate(text):
        depth += (char == '{') - (char == '}')
        if char == ';' and depth == 0:
            yield ' '.join(text[start:at].split())
            start = at + 1
    rest = text[start:].strip()
    if rest:
        sys.exit(f'a declaration has no end: {rest[:80]}')


def enumerators(body):
    """Name and value of each enumerator. A value is a decimal or hexadecimal number, or `1 << 4`."""
    following = 0
    for name, expression in re.findall(r'(\w+)\s*(?:=\s*([^,]+))?', body):
        number = re.fullmatch(r'(-?\w+)(?:\s*<<\s*(\w+))?\s*', expression or str(following))
        if not number:
            sys.exit(f'{name} = {expression}: not a value that this script reads')
        value = int(number[1], 0) << int(number[2] or '0', 0)
        following = value + 1
        yield name, value


def members(body):
    """The members of a struct, of which none has braces."""
    return [' '.join(member.split()) for member in body.split(';') if member.strip()]


def plain(text):
    """A declaration without the mark of an exported function, and with pointers in place of array parameters."""
    text = re.sub(r'^RG_API ', '', text)
    return re.sub(r'(\w+)\[\w*\](?=\s*[,)])', r'*\1', text)


def lines(declaration):
    """The lines of one declaration."""
    opened = re.fullmatch(r'(typedef )?(struct|enum)( \w+)? \{(.*)\}( \w+)?', declaration)
    if not opened:
        return [plain(declaration) + ';']
    typedef, kind, tag, body, name = (part or '' for part in opened.groups())
    if kind == 'enum':
        inside = [f'\t{n} = {value},' for n, value in enumerators(body)]
    else:
        inside = [f'\t{plain(member)};' for member in members(body)]
    return [f'{typedef}{kind}{tag} {{', *inside, f'}}{name};']


def cdef(include, names):
    """The whole file."""
    out = []
    for path in in_order(include, names):
        for declaration in declarations(without_preprocessor(read(path))):
            out += lines(declaration)
    return LICENSE + '\n'.join(out) + '\n'


sys.stdout.write(cdef(pathlib.Path(sys.argv[1]), sys.argv[2:]))
