# SPDX-License-Identifier: MIT
"""Reads what public headers declare: functions, structs, enums, types and macros, each with its comment. It reads the plain subset of C that
the headers are written in, and fails on anything else."""
import collections
import pathlib
import re

Function = collections.namedtuple('Function', 'name result params doc header')   # also a typedef of a function, and a member
Value = collections.namedtuple('Value', 'name type doc')                         # a parameter or a plain member
Struct = collections.namedtuple('Struct', 'name members doc header')             # members: Value or Function
Enum = collections.namedtuple('Enum', 'names doc header')
Macro = collections.namedtuple('Macro', 'name params body doc header')
Typedef = collections.namedtuple('Typedef', 'name type doc header')

TOKEN = re.compile(r'(?P<doc>/\*\*.*?\*/)|(?P<comment>/\*.*?\*/)|(?P<line>^[ \t]*#(?:[^\n\\/]|\\\n|\\.|/(?!\*))*)|'
                   r'(?P<word>\w+)|(?P<text>"[^"\n]*")|(?P<mark>[^\s\w"])', flags=re.M | re.S)


class Headers:
    """What a set of headers declares. Each attribute is a dict by name, but `enums`."""

    def __init__(self, paths):
        self.functions, self.callbacks, self.structs, self.opaque = {}, {}, {}, {}
        self.typedefs, self.macros, self.enums, self.undefined = {}, {}, [], set()
        for path in paths:
            self._read(pathlib.Path(path))

    def _read(self, path):
        self.header = path.name
        doc, run, depth = '', [], 0
        for token in TOKEN.finditer(path.read_text()):
            kind, text = token.lastgroup, token.group()
            if kind == 'doc':
                if text.startswith('/**<') and run and not depth:
                    raise ValueError(f'{path.name}: comment within {run}')
                # A comment behind a member is of the member before it, any other of what follows.
                if depth:
                    run.append(text)
                else:
                    doc = text
            elif kind == 'line':
                # Lines within an enum belong to an X-macro; they are macros of their own.
                self._directive(text, doc)
                doc = doc if depth else ''
            elif kind in ('word', 'text', 'mark'):
                if run == ['extern', '"C"'] and text == '{' or not run and text == '}':
                    run, doc = [], ''
                    continue
                depth += text in ('{', '(')
                depth -= text in ('}', ')')
                if text == ';' and not depth:
                    self._declaration(run, doc)
                    run, doc = [], ''
                else:
                    run.append(text)
        if run:
            raise ValueError(f'{path.name}: no end of {run}')

    def _directive(self, text, doc):
        text = re.sub(r'\\\n', ' ', text.strip())
        define = re.match(r'#\s*define\s+(\w+)(\([^)]*\))?\s*(.*)', text, flags=re.S)
        undefine = re.match(r'#\s*undef\s+(\w+)', text)
        if define:
            name, params, body = define.groups()
            self.macros[name] = Macro(name, params, body.strip(), doc, self.header)
        if undefine:
            self.undefined.add(undefine.group(1))

    def _declaration(self, run, doc):
        words = [t for t in run if not t.startswith('/**')]
        if words[0] == 'enum':
            self.enums.append(Enum(constants(words[2:-1]), doc, self.header))
        elif words[0] == 'RG_API':
            function = read_function(words[1:], doc, self.header)
            self.functions[function.name] = function
        elif words[:2] == ['typedef', 'struct'] and '{' in words:
            name = words[-1]
            body = run[run.index('{') + 1:len(run) - 1 - run[::-1].index('}')]
            self.structs[name] = Struct(name, read_members(body, self.header), doc, self.header)
        elif words[:2] == ['typedef', 'struct'] and len(words) == 4:
            self.opaque[words[3]] = Typedef(words[3], 'struct', doc, self.header)
        elif words[0] == 'typedef' and '(' in words:
            callback = read_pointer(words[1:], doc, self.header)
            self.callbacks[callback.name] = callback
        elif words[0] == 'typedef':
            self.typedefs[words[-1]] = Typedef(words[-1], spell(words[1:-1]), doc, self.header)
        elif words[0] != 'struct' or len(words) != 2:
            raise ValueError(f'{self.header}: {" ".join(words)}')


def spell(words):
    return ' '.join(words).replace(' *', '*').replace('*', ' *').replace('* *', '**').replace('* *', '**')


def constants(words):
    names, depth, fresh = [], 0, True
    for word in words:
        depth += (word == '(') - (word == ')')
        if fresh and re.match(r'[A-Z]\w+$', word):
            names.append(word)
            fresh = False
        fresh = fresh or word == ',' and not depth
    return names


def split(words, mark):
    parts, depth = [[]], 0
    for word in words:
        depth += (word in '([') - (word in ')]')
        if word == mark and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def read_value(words, doc=''):
    size = []
    if words[-1] == ']':
        at = words.index('[')
        words, size = words[:at], words[at:]
    if words in (['void'], ['...']):
        return None
    return Value(words[-1], spell(words[:-1]) + ''.join(size), doc)


def read_params(words):
    return [value for value in (read_value(part) for part in split(words, ',')) if value]


def read_function(words, doc, header):
    at = words.index('(')
    return Function(words[at - 1], spell(words[:at - 1]), read_params(words[at + 1:-1]), doc, header)


def read_pointer(words, doc, header):
    """result (*name)(params)"""
    at = words.index('(')
    return Function(words[at + 2], spell(words[:at]), read_params(words[at + 5:-1]), doc, header)


def read_members(run, header):
    members, words, doc = [], [], ''
    for token in run:
        if token.startswith('/**<'):
            if members and not words:
                members[-1] = members[-1]._replace(doc=token)
        elif token.startswith('/**'):
            doc = token
        elif token == ';':
            members.append(read_pointer(words, doc, header) if '(' in words else read_value(words, doc))
            words, doc = [], ''
        else:
            words.append(token)
    return members


def values(headers):
    """The constants by name: 1 for a text, 0 for a number. A macro that is used up within its header or that takes arguments is none."""
    found = {name: 0 for enum in headers.enums for name in enum.names if name not in headers.macros}
    for macro in headers.macros.values():
        if not macro.params and macro.body and macro.name != 'RG_API' and macro.name not in headers.undefined:
            found[macro.name] = int(macro.body.startswith('"'))
    return found
