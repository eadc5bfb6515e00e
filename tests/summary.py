#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up meson test logs. A log that is missing or holds no test counts as a failure. usage: summary.py LOG..."""
import json
import sys

count = {'passed': 0, 'failed': 0, 'skipped': 0}
for path in sys.argv[1:]:
    try:
        results = [json.loads(line)['result'] for line in open(path)]
    except OSError:
        results = []
    if not results:
        print(f'{path} holds no test', file=sys.stderr)
        count['failed'] += 1
    for result in results:
        count[{'OK': 'passed', 'EXPECTEDFAIL': 'passed', 'SKIP': 'skipped'}.get(result, 'failed')] += 1
print('{passed} passed, {failed} failed, {skipped} skipped'.format(**count))
sys.exit(1 if count['failed'] or not count['passed'] else 0)
