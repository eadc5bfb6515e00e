#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long SIP waits behind commands of the control socket.

Registers N users, half of them behind each of two addresses, and measures the time from an OPTIONS to its answer while commands run. Prints
the median and the largest one for each command, and for no command at all, which is what the machine itself adds.

usage: control.py REGISTRARD [N]        (default: 1000000; about 1 GB of memory, and some minutes)
"""
import multiprocessing
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
from harness import Control, Daemon  # noqa: E402

WINDOW = 64  # REGISTERs under way

REGISTER = ('REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d;rport\r\nFrom: <sip:user%d@example.org>;tag=1\r\n'
            'To: <sip:user%d@example.org>\r\nCall-ID: c%d\r\nCSeq: 1 REGISTER\r\nContact: <sip:user%d@192.0.2.%d:5070>\r\nContent-Length: 0\r\n\r\n')
OPTIONS = ('OPTIONS sip:127.0.0.1:%d SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKo%d;rport\r\nFrom: <sip:a@example.org>;tag=1\r\n'
           'To: <sip:127.0.0.1>\r\nCall-ID: o%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n')


def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.1', 0))
    sock.settimeout(5)
    return sock, sock.getsockname()[1]


def fill(port, n):
    sock, own = udp()
    sent = answered = 0
    while answered < n:
        while sent < n and sent - answered < WINDOW:
            sock.sendto((REGISTER % (own, sent, sent, sent, sent, sent, 1 + sent % 2)).encode(), ('127.0.0.1', port))
            sent += 1
        assert sock.recv(4096).startswith(b'SIP/2.0 200'), 'a REGISTER was refused'
        answered += 1


def probe(port, stop, out):
    """Sends one OPTIONS after the other; puts the delays in milliseconds."""
    sock, own = udp()
    delays = []
    while not stop.is_set() or not delays:
        started = time.monotonic()
        sock.sendto((OPTIONS % (port, own, len(delays), len(delays))).encode(), ('127.0.0.1', port))
        assert sock.recv(4096).startswith(b'SIP/2.0 200')
        delays.append((time.monotonic() - started) * 1000)
        time.sleep(0.001)
    out.put(delays)


def read_lines(control, lines):
    """Reads so many lines. @return the octets, and the last line."""
    total, last = 0, b''
    while lines:
        data = control.sock.recv(1 << 20)
        assert data, 'registrard closed the connection'
        total += len(data)
        lines -= data.count(b'\n')
        last = (last + data)[-300:]
    return total, last.rsplit(b'\n', 2)[-2]


def measure(daemon, name, commands, listeners=0):
    """@param commands: one text for each connection. @param listeners: connections that have asked for events."""
    heard = [Control(daemon.path) for _ in range(listeners)]
    for control in heard:
        control.send('events\n')
    stop, out = multiprocessing.Event(), multiprocessing.Queue()
    prober = multiprocessing.Process(target=probe, args=(daemon.port, stop, out))
    prober.start()
    time.sleep(0.2)
    started, total, last = time.monotonic(), 0, b''
    controls = [Control(daemon.path) for _ in commands]
    for control, text in zip(controls, commands):
        control.send(text)
    for control, text in zip(controls, commands):
        n, last = read_lines(control, text.count('\n'))
        total += n
    if not commands:
        time.sleep(5)
    took = time.monotonic() - started
    stop.set()
    delays = sorted(out.get())
    prober.join()
    for control in controls + heard:
        control.close()
    print('%-34s %7.2f s %9.1f MB   OPTIONS: %6d, median %6.2f ms, largest %7.2f ms   %s' % (
        name, took, total / 1e6, len(delays), delays[len(delays) // 2], delays[-1], last[-60:].decode() if total < 1000 else ''), flush=True)


def grow(port, contacts):
    """Registers one user with so many bindings."""
    sock, own = udp()
    for i in range(0, contacts, 20):
        lines = ''.join('Contact: <sip:b@192.0.2.3:5070;x=%d>\r\n' % k for k in range(i, i + 20))
        text = (REGISTER % (own, i, 0, 0, 0, 0, 3)).replace('user0', 'big').replace('c0', 'big%d' % i)
        head, _, rest = text.partition('Contact')
        sock.sendto((head + lines + rest.partition('\r\n')[2]).encode(), ('127.0.0.1', port))
        assert sock.recv(65536).startswith(b'SIP/2.0 200')


def main():
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    with Daemon('--store', 'memory:0', '--set', 'default_expires=86400') as daemon:
        started = time.monotonic()
        fill(daemon.port, n)
        print('%d users registered in %.0f s, %d kB' % (n, time.monotonic() - started, daemon.memory()), flush=True)
        measure(daemon, 'nothing', [])
        for command in ('stats', 'metrics', 'show user7@example.org', 'is_registered user7@example.org',
                        'is_contact_registered user7@example.org', 'is_ip_registered user7@example.org 192.0.2.1',
                        'latency user7@example.org sip:user7@192.0.2.2:5070 5', 'remove user7@example.org',
                        'remove_ip_port 192.0.2.9 5070'):
            measure(daemon, '2000 x ' + command.split()[0], [(command + '\n') * 2000])
        grow(daemon.port, 400)
        measure(daemon, '400 bindings: 100 x show', ['show big@example.org\n' * 100])
        measure(daemon, '400 bindings: remove, 14 listeners', ['remove big@example.org\n'], 14)
        measure(daemon, 'dump', ['dump\n'])
        measure(daemon, '4 x dump', ['dump\n'] * 4)
        measure(daemon, 'remove_ip_port, every other user', ['remove_ip_port 192.0.2.1 5070\n'])
        daemon.check = False


main()
