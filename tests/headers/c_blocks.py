#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each block of C of a page is a file that compiles against the public headers. usage: c_blocks.py SOURCE_DIR PAGE..."""
import re
import subprocess
import sys


def main():
    root, *pages = sys.argv[1:]
    bad = 0
    for page in pages:
        with open(page) as text:
            blocks = re.findall(r'^```c\n(.*?)^```', text.read(), flags=re.M | re.S)
        if not blocks:
            print(f'{page}: there is no block')
            bad = 1
        for block in blocks:
            run = subprocess.run(['cc', '-std=c11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I', f'{root}/include', '-x', 'c', '-'],
                                 input=block, capture_output=True, text=True)
            if run.returncode:
                print(f'{page}:\n{run.stderr}')
                bad = 1
        print(f'{page}: {len(blocks)} blocks')
    return bad


sys.exit(main())
