# SPDX-License-Identifier: MIT
"""What registrard says on stderr, and the names of its host variables."""
import contextlib
import time
from harness import Daemon, run


def said(daemon, *words, timeout=3):
    """The line that has all these words."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        for line in daemon.output().splitlines():
            if all(word in line for word in words):
                return line
        time.sleep(0.02)
    raise AssertionError('no line with %s in %s' % (words, daemon.output()))


def test_what_does_nothing_is_said_at_the_start():
    with Daemon('--set', 'flow_timer=90', '--set', 'gruu_secret=0123456789abcdef0123456789abcdef', '--save', 'memory-only', '--lookup', 'branch, global',
                logs=True) as daemon:
        for name in ('--set flow_timer', '--set gruu_secret', '--save memory-only', '--lookup branch', '--lookup global'):
            assert ' warning %s does nothing: ' % name in said(daemon, name)
        assert len(daemon.output().splitlines()) == 5
        # The library says so too, when it is used, and once.
        for _ in range(3):
            assert daemon.peer().register('alice').code == 200
        said(daemon, ' warning store ', 'memory-only')
        assert len(daemon.output().splitlines()) == 6
    with Daemon('--set', 'flow_timer=90', '--log', 'error') as daemon:
        assert daemon.peer().register('alice').code == 200


def has_short_queue():
    """Whether the system gives a socket less room for datagrams than registrard asks for."""
    with open('/proc/sys/net/core/rmem_max') as limit:
        return int(limit.read()) < 4 << 20


def test_a_short_queue_of_datagrams_is_said_at_info():
    with Daemon('--log', 'info', logs=has_short_queue()) as daemon:
        if has_short_queue():
            assert ' info --listen udp:%s: ' % daemon.address in said(daemon, 'net.core.rmem_max')
        assert daemon.peer().register('alice').code == 200


def test_a_refused_register_at_debug():
    for level in ('warning', 'info', 'debug'):
        with Daemon('--log', level, logs=level == 'debug' or (level == 'info' and has_short_queue())) as daemon:
            peer = daemon.peer()
            assert peer.register('alice', ['<sip:a@192.0.2.1>', '<sip:b@exam*ple.org>;q=1']).code == 400
            assert peer.register('bob', ['<sip:b@192.0.2.1>;q=0.x']).code == 400
            assert peer.register('carol', ['<sip:c@192.0.2.1>'], 'c1', 5).code == 200
            assert peer.register('carol', ['<sip:c@192.0.2.1>;x=1'], 'c1', 4).code == 400
            if level == 'debug':
                said(daemon, ' debug REGISTER of alice@example.org from 127.0.0.1:%d ' % peer.port, "Contact 2, offset 11, octet '*'")
                said(daemon, 'REGISTER of bob@example.org', "Contact 1, offset 22, octet 'x'")
                said(daemon, 'REGISTER of carol@example.org', 'Invalid CSeq number')


def test_strangers_neither_fill_a_disk_nor_move_a_cursor():
    with Daemon('--log', 'debug', logs=True) as daemon:
        peer = daemon.peer()
        for i in range(1000):
            assert peer.register('alice', ['<sip:\x1b[2J@%s>' % ('x' * 2000)]).code == 400
        output = daemon.output()
        assert len(output) < 200 * 700, len(output)
        assert '\x1b' not in output
        daemon.stop()
        daemon.stop = lambda *_: None
        assert ' lines left out here' in daemon.output().splitlines()[-1]


def test_host_variables_under_any_name():
    with contextlib.ExitStack() as stack:
        peers = []
        for received, persistent in (('$avp(rcv)', '$flag(TCP_PERSIST)'), ('$avp(other)', 'X'), ('i:42', '$avp(rcv)')):
            daemon = stack.enter_context(Daemon('--set', 'received_avp=' + received, '--set', 'tcp_persistent_flag=' + persistent,
                                                '--set', 'min_expires=1'))
            for proto in ('udp', 'tcp'):
                peer = daemon.peer(proto)
                assert peer.register(proto, ['<sip:a@192.0.2.1;transport=%s>;expires=%d' % (proto, 60 if proto == 'udp' else 1)]).code == 200
                row, = daemon.control.show(proto + '@example.org')
                assert row['received'] == 'sip:127.0.0.1:%d;transport=%s' % (peer.port, proto), row
            peers.append(peer)
        # A connection lives as long as its binding, and ten seconds.
        started = time.monotonic()
        for peer in peers:
            peer.sock.settimeout(14)
            assert peer.sock.recv(1) == b'' and time.monotonic() - started > 9


if __name__ == '__main__':
    run(globals())
