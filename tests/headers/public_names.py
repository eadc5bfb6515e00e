#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names and signatures of the public headers follow the rules of doc/abi.md. Each function of CHECKS is one rule and returns what breaks it.

usage: public_names.py SOURCE_DIR
"""
import itertools
import pathlib
import re
import sys

sys.dont_write_bytecode = True
from declared import Function, Headers  # noqa: E402

PYTHON = """False None True and as assert async await break class continue def del elif else except finally for from global if import in is
    lambda nonlocal not or pass raise return try while with yield"""
CXX = """alignas alignof and_eq asm auto bitand bitor bool case catch char char8_t char16_t char32_t compl concept const const_cast consteval
    constexpr constinit co_await co_return co_yield decltype default delete do double dynamic_cast enum explicit export extern false float
    friend goto inline int long mutable namespace new noexcept not_eq nullptr operator or_eq private protected public register reinterpret_cast
    requires short signed sizeof static static_assert static_cast struct switch template this thread_local throw true typedef typeid typename
    union unsigned using virtual void volatile wchar_t xor xor_eq"""
LUA = 'elseif end function local nil repeat then until'
JAVASCRIPT = 'arguments debugger eval extends implements instanceof interface let null package super typeof var'
GO = 'chan defer fallthrough func go map range select type'
KEYWORDS = set(' '.join((PYTHON, CXX, LUA, JAVASCRIPT, GO)).split())
OWNERS = ('free', 'ref', 'unref', 'end', 'destroy', 'delete', 'close', 'release')


def pointers(headers):
    """What has the type of a function: callbacks, and members of structs by the name struct.member."""
    yield from headers.callbacks.values()
    for struct in headers.structs.values():
        for member in struct.members:
            if isinstance(member, Function):
                yield member._replace(name=f'{struct.name}.{member.name}')


def outs(function):
    """The parameters that receive a pointer."""
    return [param for param in function.params if param.type.endswith('**')]


def pointee(kind):
    return re.sub(r'\bconst\b|\*', '', kind).strip()


def owners(headers):
    """Who owns an object ends it in one way: rg_X_free(), or with rg_X_ref() the pair of it, rg_X_unref()."""
    bad = []
    handed_out = {pointee(param.type) for function in headers.functions.values() for param in outs(function) if 'const' not in param.type}
    for name in sorted(set(headers.opaque) | handed_out & set(headers.structs)):
        found = [word for word in OWNERS if f'{name}_{word}' in headers.functions]
        if found not in (['free'], ['ref', 'unref']):
            bad.append(f'{name} is ended by {found or "nothing"}')
    return bad


def counts(headers):
    """A number of things is told by rg_<object>_<thing>_count(), and thing by index by rg_<object>_<thing>()."""
    bad = []
    for name, function in headers.functions.items():
        alone = [param.type.startswith('const rg_') for param in function.params] == [True]
        number = alone and re.match(r'(uint(32|64)_t|size_t)$', function.result)
        item = headers.functions.get(name.removesuffix('s'))
        says_so = re.search(r'@return the number of (?!(milli)?seconds|bytes)', function.doc)
        if number and not name.endswith('_count') and (says_so or item is not function and indexed(item)):
            bad.append(f'{name} returns a number of things and does not end in _count')
        words = name.split('_')
        if indexed(function) and not any('_'.join([*words[:n], 'count']) in headers.functions for n in range(2, len(words) + 1)):
            bad.append(f'{name} takes an index that no _count function bounds')
    return bad


def indexed(function):
    """Gives a thing by its number alone."""
    names = [param.name for param in function.params] if function else []
    return 'index' in names and 'name' not in names


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


def collection(headers, many, one):
    """A collection and its item: one name is the plural of the other, and gives or holds several of it."""
    if many != one + 's':
        return False
    if many in headers.functions:
        return any(param.type.endswith('**') for param in headers.functions[many].params)
    members = headers.structs[many].members if many in headers.structs else []
    return f'{many}_count' in headers.functions or any(pointee(getattr(member, 'type', '')) == one for member in members)


def told_apart(a, b):
    """By the first letter of the words that differ, or by a word so short that two letters are most of it."""
    pairs = [pair for pair in itertools.zip_longest(a.split('_'), b.split('_'), fillvalue='') if pair[0] != pair[1]]
    return len(pairs) == 1 and all(pairs[0]) and (pairs[0][0][0] != pairs[0][1][0] or min(map(len, pairs[0])) <= 3)


def near(headers):
    """Two functions, or two types, differ by more than two letters, else by what a reader sees first. The compiler tells types from functions."""
    types = {**headers.structs, **headers.opaque, **headers.typedefs, **headers.callbacks}
    return [f'{a} and {b} are too similar' for names in (headers.functions, types) for a, b in itertools.combinations(sorted(names), 2)
            if distance(a, b) <= 2 and not told_apart(a, b) and not collection(headers, b, a)]


def keywords(headers):
    """No member and no parameter is a keyword of a language that bindings are written in."""
    functions = list(headers.functions.values()) + list(pointers(headers))
    found = [(function.name, param.name) for function in functions for param in function.params]
    found += [(struct.name, member.name) for struct in headers.structs.values() for member in struct.members]
    return [f'{name}: {word} is a keyword' for name, word in found if word in KEYWORDS]


def sizes(headers):
    """A struct that may grow begins with `uint32_t struct_size`, and its init function takes the size."""
    bad = []
    for name, struct in headers.structs.items():
        at = [member.name for member in struct.members].index('struct_size') if 'struct_size' in [m.name for m in struct.members] else None
        if at is None:
            continue
        if at or struct.members[0].type != 'uint32_t':
            bad.append(f'{name} does not begin with uint32_t struct_size')
        init = headers.functions.get(f'{name}_init')
        if not init or init.result != 'void' or [param.type for param in init.params] != [f'{name} *', 'uint32_t']:
            bad.append(f'there is no void {name}_init({name} *, uint32_t)')
    return bad


def by_value(headers):
    """What a host or a store implements neither takes nor returns a struct by value: not every language can make such a function."""
    return [f'{function.name} has a {kind} by value' for function in pointers(headers)
            for kind in [function.result] + [param.type for param in function.params] if kind in headers.structs]


def twins(headers):
    """A completion form has the inputs of its verb, in their order; it may have others between them. Its comment is a line that names it."""
    bad = []
    for name, function in headers.functions.items():
        verb = headers.functions.get(name.removesuffix('_async')) if name.endswith('_async') else None
        if not verb:
            continue
        if not re.fullmatch(rf'(/\*\* )?The completion form of {verb.name}\(\)\.[^\n]*', function.doc.strip()):
            bad.append(f'the comment of {name} is not one line that names {verb.name}')
        rest = iter([(param.type, param.name) for param in function.params])
        inputs = [param for param in verb.params if not re.search(r'\*\*$', param.type) and not re.match(r'(uint\w+|size_t) \*$', param.type)]
        bad += [f'{name} has not the {param.name} of {verb.name} in its place' for param in inputs if (param.type, param.name) not in rest]
    return bad


def x_macros(headers):
    """No public macro takes the name of another one: a list that a client expands is compiled into it."""
    return [f'{macro.name} is an X-macro' for macro in headers.macros.values()
            if macro.name.endswith('_MAP') or any(re.search(rf'\b{param}\s*\(', macro.body) for param in re.findall(r'\w+', macro.params or ''))]


def says(headers, function, words, seen=()):
    """Whether the comment of a function says one of the words, itself or by pointing to another function."""
    if any(word in function.doc for word in words):
        return True
    others = set(re.findall(r'(?:\b[Aa]s|\bform of|\blike) (rg_\w+)\(\)', function.doc)) & set(headers.functions) - set(seen)
    return any(says(headers, headers.functions[other], words, (*seen, other)) for other in others)


def owned(headers):
    """The comment of a function that hands out a pointer says who owns it, or the comment of the type does."""
    bad = []
    for name, function in headers.functions.items():
        for param in outs(function):
            kind = headers.opaque.get(pointee(param.type))
            if not says(headers, function, ('owned', 'borrowed', 'Borrowed')) and not (kind and 'owned by' in kind.doc):
                bad.append(f'{name} does not say who owns {param.name}')
        if name.endswith('_new') and function.result.endswith('*') and 'owned' not in function.doc:
            bad.append(f'{name} does not say who owns what it returns')
    return bad


CHECKS = [owners, counts, near, keywords, sizes, by_value, twins, x_macros, owned]


def main():
    headers = Headers(sorted(pathlib.Path(sys.argv[1], 'include', 'rgstr').glob('*.h')))
    bad = [f'{check.__name__}: {what}' for check in CHECKS for what in check(headers)]
    # A reader that sees nothing finds nothing wrong.
    if len(headers.functions) < 150 or len(headers.structs) < 30:
        bad.append(f'{len(headers.functions)} functions and {len(headers.structs)} structs: too few to be all')
    print('\n'.join(bad) or f'{len(headers.functions)} functions and {len(headers.structs)} structs follow {len(CHECKS)} rules')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
