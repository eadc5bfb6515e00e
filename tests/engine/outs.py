#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes EVERY_OUT(X), an X-macro over the results that a function writes through a pointer:
X(function, parameter, is optional, has a why).

A struct with a struct_size is no such result: the call that fills it in reads its size first. An init function and a function that frees
write no result. The name of a parameter says whether it may be NULL.

usage: outs.py OUTPUT HEADER...
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'headers'))
from declared import Headers  # noqa: E402

OPTIONAL = {'n_removed', 'n_changed', 'next', 'to', 'op', 'wait', 'failed'}
PLAIN = {'rg_str', 'rg_addr', 'rg_key', 'rg_revision', 'rg_time', 'uint32_t', 'int32_t', 'uint64_t', 'int64_t', 'size_t'}


def results(function):
    return [name for name, kind, _ in function.params if kind.endswith('**') or kind.endswith(' *') and kind[:-len(' *')] in PLAIN]


def main():
    output, *headers = sys.argv[1:]
    rows = []
    for function in Headers(headers).functions.values():
        if function.name.endswith(('_init', '_free')):
            continue
        has_why = int(function.params[-1:] != [] and function.params[-1].name == 'why')
        rows += [f'\tX({function.name}, {result}, {int(result in OPTIONAL)}, {has_why})' for result in results(function)]
    if not rows:
        sys.exit('no function has a result')
    open(output, 'w').write('/* Written by outs.py. */\n#define EVERY_OUT(X) \\\n' + ' \\\n'.join(rows) + '\n')


if __name__ == '__main__':
    main()
