#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when a fault of tests/mutations.jsonl cannot be seeded: its text occurs in its file not at all, or more than once.

usage: faults.py SOURCE_ROOT
"""
import json
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
rows = [json.loads(line) for line in (root / 'tests/mutations.jsonl').read_text().splitlines()]
wrong = ['row %d: its text occurs %d times in %s' % (n, times, row['file']) for n, row in enumerate(rows, 1)
         if (times := (root / row['file']).read_text().count(row['before'])) != 1]
print('\n'.join(wrong) or '%d faults' % len(rows))
sys.exit(bool(wrong) or not rows)
