#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up meson test logs. Fails when a test failed, a log is missing, or nothing ran. usage: summary.py LOG..."""
import json
import sys

count = {'passed': 0, 'failed': 0, 'skipped': 0}
for path in sys.argv[1:]:
    ran = 0
    for line in open(path):
        result = json.loads(line)['result']
        ran += 1
        key = {'OK': 'passed', 'EXPECTEDFAIL': 'passed', 'SKIP': 'skipped'}.get(result, 'failed')
        count[key] += 1
    if not ran:
        sys.exit(f'{path} holds no test')
print('{passed} passed, {failed} failed, {skipped} skipped'.format(**count))
sys.exit(1 if count['failed'] or not count['passed'] else 0)
