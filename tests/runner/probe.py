#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds our own runner to what it must do, by the tests in probe.c. usage: probe.py PROBE"""
import subprocess
import sys

probe = sys.argv[1]


def run(*args):
    done = subprocess.run([probe, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.returncode, done.stdout.decode()


def check(args, passes, lines, absent=()):
    status, output = run(*args)
    assert (status == 0) == passes, (args, status, output)
    for line in lines:
        assert line in output, (args, line, output)
    for line in absent:
        assert line not in output, (args, line, output)


check(['--filter', 'fixture/*'], True, ['2 tests, 4 checks, 0 failed\n'])
check(['--filter=good/*'], True, ['1 tests, 16 checks, 0 failed\n'])
check(['--filter=good/*', '--skip=bad/*'], True, ['1 tests, 16 checks, 0 failed\n'])
check(['--filter=*o*d/*', '--skip=closed/*', '--skip=unopened/*'], True, ['1 tests, 16 checks, 0 failed\n'])
check(['--filter=good/*', '--skip=goo*'], False, ['0 tests, 0 checks, 0 failed\n'])
check(['--filter', 'good/*', '--verbose'], True, ['good/every_check_that_holds: 0.0'])

status, output = run('--filter', 'bad/*', '--short-filename')
failures = [line for line in output.splitlines() if line.startswith('probe.c:')]
assert status == 1 and len(failures) == 15, output
assert len(set(line.split(': ')[0] for line in failures)) == 15, output
assert 'bad/every_check_that_does_not_hold: failed: one == 2' in output and 'number 15' in output, output
assert '1 tests, 15 checks, 1 failed\n' in output, output

check(['--filter', 'assert/*'], False, ['failed: opened == -1: number 7\n', 'closed\n', '2 tests, 2 checks, 1 failed\n'], ['went on'])
check(['--filter', 'assert/*', '--fail-fast'], False, ['1 tests, 1 checks, 1 failed\n'])
check(['--filter', 'unopened/*'], False, ['not opened', 'closed\n', '1 tests, 1 checks, 1 failed\n'], ['went on'])
check(['--filter', 'empty/*'], False, ['it evaluates a check', '1 tests, 0 checks, 1 failed\n'])
check(['--filter', 'closed/*'], False, ['failed: false: number 9\n', '1 tests, 1 checks, 1 failed\n'])
check(['--filter', 'crash/*'], False, ['crash/ends_the_program: crashed\n'], ['tests,'])
check(['--filter', 'leaving/*'], False, ['leaving/ends_the_program: called exit()\n'], ['tests,'])
check(['--filter', 'slow/*'], False, ['slow/ends_the_program: timed out\n'], ['tests,'])
check(['--filter', 'nothing/*'], False, ['0 tests, 0 checks, 0 failed\n'])
check(['--filter', 'goo'], False, ['0 tests, 0 checks, 0 failed\n'])
check(['--unknown'], False, ['usage: '])
check(['--filter'], False, ['usage: '])
check(['--skip=%d/*' % n for n in range(17)], False, ['usage: '])

status, output = run('--list')
assert status == 0 and 'crash/ends_the_program\n' in output and 'crashed' not in output, output
