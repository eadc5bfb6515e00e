# SPDX-License-Identifier: MIT
"""The examples of event loops, over a real Redis server and without one. Each registers its phones for a second and ends when their bindings
have expired. usage: loops.py PROGRAM"""
import collections
import os
import subprocess
from harness import BINARY, run
from redis_server import RedisServer

NAME = os.path.basename(BINARY)
PHONES = {'glib': ['alice@example.org'], 'poll': ['alice@example.org', 'bob@example.org']}[NAME]
EVENTS = ('AOR_INSERT', 'CONTACT_INSERT', 'CONTACT_EXPIRE', 'AOR_DELETE')


def lines(*args):
    """What the program prints; it must end by itself, well and without a complaint."""
    done = subprocess.run([BINARY, *args], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == '', (done.returncode, done.stderr)
    return done.stdout.splitlines()


def expect_life(said):
    """Every phone is granted, and each event comes once, those of a phone in their order."""
    assert collections.Counter(said) == collections.Counter(
        ['success: 200'] * len(PHONES) + [f'{event} {phone}' for event in EVENTS for phone in PHONES]), said
    for phone in PHONES:
        assert [line.split()[0] for line in said if line.endswith(phone)] == list(EVENTS), said


def test_bindings_in_redis_live_for_a_second():
    with RedisServer() as server:
        expect_life(lines(server.store()))


def test_a_server_that_is_not_there_is_told_at_once():
    assert lines('unix:/nowhere/at/all') == ['location store unavailable: 503'] * len(PHONES)


def test_bindings_in_memory_live_for_a_second():
    if NAME == 'glib':
        expect_life(lines())


def test_a_wrong_address_is_refused():
    done = subprocess.run([BINARY, 'http://example.org'], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stdout == '' and done.stderr.startswith(NAME + ': '), done


run(globals())
