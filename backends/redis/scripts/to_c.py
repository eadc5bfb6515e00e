#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the scripts as C: to_c.py OUTPUT SCRIPT.lua…

A line `--include NAME` stands for the file NAME beside the script. Each script comes with the SHA-1 of its text, by which EVALSHA names it.
"""
import hashlib
import os
import sys


def text_of(path):
    with open(path, encoding='ascii') as file:
        for line in file:
            if line.startswith('--include '):
                yield from text_of(os.path.join(os.path.dirname(path), line.split()[1]))
            elif line.strip() and not line.startswith('-- '):
                yield line


def main(output, *paths):
    texts, rows = [], []
    for path in paths:
        name = os.path.splitext(os.path.basename(path))[0]
        text = ''.join(text_of(path)).encode()
        octets = ', '.join(str(octet) for octet in text)
        texts.append(f'static const char script_{name}[] = {{ {octets}, 0 }};\n')
        sha = hashlib.sha1(text).hexdigest()
        rows.append(f'\t[RG__REDIS_SCRIPT_{name.upper()}] = {{ "{name}", "{sha}", script_{name}, {len(text)} }},\n')
    with open(output, 'w', encoding='ascii') as file:
        file.write('#include "scripts.h"\n\n' + ''.join(texts))
        file.write('\nconst rg__redis_script rg__redis_scripts[] = {\n' + ''.join(rows) + '};\n')
        file.write('const uint32_t rg__redis_n_scripts = sizeof rg__redis_scripts / sizeof rg__redis_scripts[0];\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
