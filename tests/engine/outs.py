#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes EVERY_OUT(X), an X-macro over the results that a function writes through a pointer:
X(function, parameter, is optional, has a why).

A struct with a struct_size is no such result: the call that fills it in reads its size first. An init function and a function that frees
write no result. The name of a parameter says whether it may be NULL.

usage: outs.py OUTPUT HEADER...
"""
import re
import sys

OPTIONAL = {'n_removed', 'n_changed', 'next', 'to', 'op', 'failed'}
PLAIN = {'rg_str', 'rg_addr', 'rg_key', 'rg_revision', 'rg_time', 'uint32_t', 'int32_t', 'uint64_t', 'int64_t', 'size_t'}


def results(parameters):
    for parameter in parameters.split(','):
        m = re.fullmatch(r'(const )?(\w+) (\*+)(\w+)', ' '.join(parameter.split()))
        if m and (m[3] == '**' or (not m[1] and m[2] in PLAIN)):
            yield m[4]


def main():
    output, *headers = sys.argv[1:]
    text = re.sub(r'/\*.*?\*/', '', '\n'.join(open(header).read() for header in headers), flags=re.S)
    rows = []
    for name, parameters in re.findall(r'^RG_API\b[^;(]*?\b(rg_\w+)\s*\(([^;]*)\);', text, flags=re.M):
        if name.endswith(('_init', '_free')):
            continue
        has_why = int(re.search(r'\brg_error \*why$', parameters) is not None)
        rows += [f'\tX({name}, {result}, {int(result in OPTIONAL)}, {has_why})' for result in results(parameters)]
    if not rows:
        sys.exit('no function has a result')
    open(output, 'w').write('/* Written by outs.py. */\n#define EVERY_OUT(X) \\\n' + ' \\\n'.join(rows) + '\n')


if __name__ == '__main__':
    main()
