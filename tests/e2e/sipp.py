# SPDX-License-Identifier: MIT
"""The scenarios that sipp drives: tests/e2e/sipp."""
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import push
from call import Call
from harness import Daemon, free_port, run

SIPP = shutil.which('sipp')
SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sipp')

# Below the ports that the kernel hands out, so that no other socket of the tests gets them; each process begins elsewhere.
media_ports = itertools.count(os.getpid())


def free_media_port():
    """sipp binds this port for audio and the one two above it for video."""
    for _ in range(1000):
        port = 16000 + next(media_ports) % 2000 * 4
        try:
            for used in (port, port + 2):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.bind(('127.0.0.1', used))
        except OSError:
            continue
        return port
    raise OSError('no free media port')


def sipp(daemon, scenario, port, folder, transport='u1', calls=1, rate=10, **keys):
    keys = [word for name, value in keys.items() for word in ('-key', name, str(value))]
    return subprocess.Popen([SIPP, daemon.address, '-sf', os.path.join(SCENARIOS, scenario + '.xml'), '-i', '127.0.0.1', '-p', str(port),
            '-t', transport,
                             '-m', str(calls), '-r', str(rate), '-nostdin', '-timeout', '20', '-timeout_error', '-mp', str(free_media_port()), *keys,
                             '-trace_err', '-error_file', os.path.join(folder, scenario + '.err')],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder)


def finish(process, scenario, folder):
    out, _ = process.communicate(timeout=40)
    path = os.path.join(folder, scenario + '.err')
    errors = open(path, errors='replace').read() if os.path.exists(path) else ''
    assert process.returncode == 0, '%s: exit status %d\n%s\n%s' % (scenario, process.returncode, errors, out.decode('latin-1')[-2000:])


def test_register_refresh_and_remove():
    for transport in ('u1', 't1'):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            finish(sipp(daemon, 'register', free_port(), folder, transport, 50, 50), 'register', folder)
            assert daemon.control('dump') == {'aors': []}
            assert daemon.control('stats')['accepted_regs'] == 150


def test_malformed_registers_are_refused():
    for transport in ('u1', 't1'):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            finish(sipp(daemon, 'malformed', free_port(), folder, transport, 5, 10), 'malformed', folder)
            assert daemon.control('dump') == {'aors': []}


def test_a_call_between_two_endpoints():
    for transport in ('u1', 't1'):
        with Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            port = free_port()
            callee = sipp(daemon, 'callee', port, folder, transport, 10)
            contact = '<sip:callee@127.0.0.1:%d%s>' % (port, ';transport=tcp' if transport == 't1' else '')
            assert daemon.peer().register('callee', [contact]).code == 200
            try:
                finish(sipp(daemon, 'caller', free_port(), folder, transport, 10), 'caller', folder)
                finish(callee, 'callee', folder)
            finally:
                if callee.poll() is None:
                    callee.kill()
                    callee.wait()


def test_a_call_wakes_its_callee():
    for transport in ('u1', 't1'):
        with push.on() as daemon, tempfile.TemporaryDirectory() as folder:
            port, pushes = free_port(), push.Pushes(daemon)
            callee = sipp(daemon, 'callee', port, folder, transport, 3)

            def wakes():
                finish(sipp(daemon, 'push_register', free_port(), folder, transport, callee_port=port), 'push_register', folder)

            wakes()
            caller = sipp(daemon, 'push_caller', free_port(), folder, transport, 3)
            try:
                for _ in range(3):
                    assert pushes.next()['reason'] == 'ini-INVITE'
                # Callers are told in their order that they wait. When this one is, all of the scenario are.
                last = Call(daemon.peer(), 'sip:callee@example.org')
                last.peer.expect(182, 10)
                last.cancel()
                last.peer.expect(487)
                wakes()
                finish(caller, 'push_caller', folder)
                finish(callee, 'callee', folder)
            finally:
                for process in (caller, callee):
                    if process.poll() is None:
                        process.kill()
                        process.wait()


if not SIPP:
    print('sipp is not installed')
    sys.exit(77)
run(globals())
