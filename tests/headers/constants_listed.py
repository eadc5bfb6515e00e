#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a row of C, name and value, for each constant of public headers. Fails when the comment of a limit does not say whether a later
version may raise it. usage: constants_listed.py INCLUDE_DIR HEADER..."""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
from declared import Headers, values  # noqa: E402

folder, names = pathlib.Path(sys.argv[1], 'rgstr'), sys.argv[2:]
constants = sorted(name for name, text in values(Headers(folder / name for name in names)).items() if not text)
comments = ''.join((folder / name).read_text() for name in names)
print('\n'.join(f'{{ "{name}", {name} }},' for name in constants))
silent = [name for name in constants if re.search(r'_(MAX|KEEP|ROOM|BYTES)$', name)
          and not re.search(rf'(never changes|may\s+(\* )?raise it)[^/]*\*/\s*(enum \{{ )?{name} =', comments)]
print('\n'.join(f'{name}: may it grow?' for name in silent), file=sys.stderr)
sys.exit(1 if silent else 0)
