# SPDX-License-Identifier: MIT
"""The example on epoll: a registrar and redirect server without a SIP stack, and what strangers may send to it."""
import random
import re
import select
import subprocess
import time
from example import HEAD, Example, ask, listed, noise
from harness import BINARY, run


class Server(Example):
    """A server that prints where it listens, and then the events of its registrar."""

    def __init__(self, *parameters, host='127.0.0.1'):
        super().__init__(host, host, '0', *parameters)
        self.buffer = b''
        line = self.event(10)
        assert line, self.process.stderr.read()
        self.port = int(re.fullmatch(r'listening on udp:.*:(\d+)', line).group(1))

    def event(self, timeout=3):
        """The next line that it prints, or None."""
        end = time.monotonic() + timeout
        while b'\n' not in self.buffer:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return None
            data = self.process.stdout.read1(65536)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        return line.decode('latin-1').strip()

    def events(self, n):
        return [self.event() for _ in range(n)]


def test_a_phone_registers_refreshes_and_leaves():
    with Server() as server:
        peer = server.peer()
        answer = peer.register('alice', ['<sip:alice@192.0.2.1>;q=0.5;expires=600'], 'c', 1)
        assert answer.code == 200 and answer.values('contact') == ['<sip:alice@192.0.2.1>;q=0.5;expires=600'], answer
        assert answer.get('call-id') == 'c' and answer.get('cseq') == '1 REGISTER' and answer.get('date') and answer.tag('to'), answer
        assert server.events(2) == ['AOR_INSERT alice@example.org', 'CONTACT_INSERT alice@example.org sip:alice@192.0.2.1']
        assert peer.register('alice', ['<sip:alice@192.0.2.1>;expires=900'], 'c', 2).values('contact') == ['<sip:alice@192.0.2.1>;expires=900']
        assert server.event() == 'CONTACT_UPDATE alice@example.org sip:alice@192.0.2.1'
        answer = peer.register('alice', ['<sip:alice@192.0.2.1>;expires=0'], 'c', 3)
        assert answer.code == 200 and not answer.values('contact')
        assert server.events(2) == ['CONTACT_DELETE alice@example.org sip:alice@192.0.2.1', 'AOR_DELETE alice@example.org']
        assert ask(peer, 'INVITE', 'sip:alice@example.org')[1].code == 404


def test_a_binding_expires_by_itself():
    with Server('min_expires=1') as server:
        assert server.peer().register('alice', ['<sip:alice@192.0.2.1>;expires=1']).code == 200
        server.events(2)
        assert server.events(2) == ['CONTACT_EXPIRE alice@example.org sip:alice@192.0.2.1', 'AOR_DELETE alice@example.org']


def test_a_caller_is_told_the_targets_in_order_with_q():
    with Server() as server:
        peer = server.peer()
        peer.register('bob', ['<sip:b@192.0.2.1>;q=0.2', '<sip:b@192.0.2.2;x=y>;q=1', '<sip:b@192.0.2.3>', '<sip:b@192.0.2.4>;q=0.55'])
        for method in ('INVITE', 'OPTIONS', 'MESSAGE'):
            answer = ask(peer, method, 'sip:bob@example.org')[1]
            assert answer.code == 302, answer
            assert answer.values('contact') == ['<sip:b@192.0.2.2;x=y>;q=1', '<sip:b@192.0.2.4>;q=0.55', '<sip:b@192.0.2.1>;q=0.2',
                    '<sip:b@192.0.2.3>']


def test_a_fallback_is_not_told():
    with Server('outbound_mode=on') as server:
        peer = server.peer()
        for n in 1, 2:
            answer = peer.register('bob', ['<sip:b@192.0.2.%d>;reg-id=%d;+sip.instance="<urn:uuid:0>"' % (n, n)], headers=['Supported: outbound, path'])
            assert answer.code == 200 and len(answer.values('contact')) == n, answer
        assert len(ask(peer, 'INVITE', 'sip:bob@example.org')[1].values('contact')) == 1


def test_what_is_not_redirected():
    with Server() as server:
        peer = server.peer()
        peer.register('bob')
        assert ask(peer, 'INVITE', 'sip:nobody@example.org')[1].code == 404
        assert ask(peer, 'INVITE', 'sips:bob@example.org')[1].code == 480
        assert ask(peer, 'INVITE', 'tel:+123')[1].code == 416
        answer = ask(peer, 'INVITE', 'sip:bob@example.org', headers=['Require: 100rel', 'Require: x'])[1]
        assert answer.code == 420 and answer.all('unsupported') == ['100rel', 'x'], answer
        answer = peer.register('bob', headers=['Require: x'])
        assert answer.code == 420 and answer.get('unsupported') == 'x', answer
        peer.send(peer.request('ACK', 'sip:bob@example.org', '<sip:a@h>;tag=1', '<sip:bob@example.org>', 'c', 1))
        peer.silent()


def test_a_retransmission_gets_the_same_reply_and_a_cancel_the_same_tag():
    with Server() as server:
        peer = server.peer()
        peer.register('bob')
        server.events(2)
        invite, first = ask(peer, 'INVITE', 'sip:bob@example.org', branch='z9hG4bK-a')
        assert first.code == 302 and re.fullmatch('[0-9a-f]{16}', first.tag('to'))
        for _ in range(3):
            peer.send(invite)
            assert repr(peer.recv()) == repr(first)
        cancel = ask(peer, 'CANCEL', 'sip:bob@example.org', branch='z9hG4bK-a')[1]
        assert cancel.code == 200 and cancel.tag('to') == first.tag('to')
        assert ask(peer, 'INVITE', 'sip:bob@example.org', branch='z9hG4bK-b')[1].tag('to') != first.tag('to')
        assert ask(peer, 'INVITE', 'sip:bob@example.org', to='<sip:bob@example.org>;tag=x')[1].get('to') == '<sip:bob@example.org>;tag=x'
        register = peer.request('REGISTER', 'sip:example.org', '<sip:c@example.org>;tag=1', '<sip:c@example.org>', 'c', 1, ['Contact: <sip:c@h>'])
        tags = set()
        for _ in range(3):
            peer.send(register)
            answer = peer.recv()
            assert answer.code == 200 and len(answer.values('contact')) == 1
            tags.add(answer.tag('to'))
        assert len(tags) == 1
        assert server.events(2) == ['AOR_INSERT c@example.org', 'CONTACT_INSERT c@example.org sip:c@h']
        assert server.event(0.2) is None


def test_the_reply_goes_where_via_says():
    with Server() as server:
        here, there = server.peer(), server.peer()
        tail = '\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n'
        below = '\r\nVia: SIP/2.0/TCP 192.0.2.9;received=192.0.2.8, SIP/2.0/UDP last'
        start = 'INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP '
        here.send(start + '127.0.0.1:%d;branch=z9hG4bK1' % there.port + below + tail)
        assert there.expect(404).all('via') == ['SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK1' % there.port, below[7:]]
        here.send(start + 'host.invalid:%d;rport;branch=z9hG4bK2;received=9.9.9.9' % there.port + tail)
        assert here.expect(404).all('via') == ['SIP/2.0/UDP host.invalid:%d;branch=z9hG4bK2;received=127.0.0.1;rport=%d' % (there.port, here.port)]
        there.silent(0.2)


def test_compact_and_folded_headers():
    with Server() as server:
        peer = server.peer()
        peer.send('REGISTER sip:example.org SIP/2.0\r\nv : SIP/2.0/UDP h;branch=z9hG4bK1\r\n ;rport\r\nF:<sip:alice@example.org>\r\n\t;tag=1\r\n'
                  't: <sip:alice@example.org>\r\ni: c\r\ncseq:\r\n 1\r\n REGISTER\r\nM: <sip:a@192.0.2.1>,\r\n  <sip:a@192.0.2.2>\r\n'
                  'm: <sip:a@192.0.2.3>\r\nL: 3\r\nX: y\r\n\r\nabc')
        answer = peer.expect(200)
        assert [c.split(';')[0] for c in answer.values('contact')] == ['<sip:a@192.0.2.1>', '<sip:a@192.0.2.2>', '<sip:a@192.0.2.3>'], answer
        assert answer.get('from').split() == ['<sip:alice@example.org>', ';tag=1']


def test_ipv6():
    with Server(host='::1') as server:
        peer = server.peer()
        assert peer.register('alice').code == 200
        answer = ask(peer, 'INVITE', 'sip:alice@example.org')[1]
        assert answer.values('contact') == ['<sip:alice@[::1]:%d>' % peer.port] and ';received=::1;rport=%d' % peer.port in answer.get('via')


def changed(at, *lines):
    return HEAD[:at] + list(lines) + HEAD[at + 1:]


def in_dialog(*lines):
    return ['INVITE sip:alice@example.org SIP/2.0'] + HEAD[1:5] + ['CSeq: 9 INVITE'] + list(lines)


# The code of the answer; None: there is none.
MALFORMED = [
    (changed(0, 'REGISTER sip:example.org SIP/3.0'), 505), (changed(0, 'REGISTER sip:example.org SIP/2.0 '), 505),
    (changed(0, 'REGISTER sip:example.org'), None), (changed(0, 'REGISTER  SIP/2.0'), None), (changed(0, 'SIP/2.0 200 OK'), None),
    (changed(0, 'SIP/2.0 200 SIP/2.0'), None),
    (changed(0, ''), None), (changed(1), None), (changed(1, 'Via: x'), None), (changed(1, 'Via:'), None),
    (changed(1, 'Via: SIP/2.0/UDP 127.0.0.1;x="\x01"'), None), (changed(2, 'From: <sip:a@h>\x00'), None), (changed(2, 'From: \x7f'), None),
    (changed(2, 'From: <sip:a@h>\nEvil: 1'), None), (changed(2, 'From: <sip:a@h>\rEvil: 1'), None),
    (changed(2), 400), (changed(3), 400), (changed(4), 400), (changed(5), 400), (changed(3, 'To: "'), 400), (changed(3, 'To: <tel:1>'), 404),
    (changed(2, HEAD[2], HEAD[2]), 400), (changed(5, 'CSeq: 9 INVITE'), 400), (changed(5, 'CSeq: x'), 400),
    (changed(6, 'Contact: <sip:>'), 400), (changed(6, 'Contact: *'), 400), (changed(6, 'Contact <sip:a@192.0.2.66>'), 400),
    (changed(6, 'Contact<sip:a@192.0.2.66>'), 400), (changed(6, 'Contact'), 400), (changed(6, 'Content Length: 0'), 400),
    (changed(6, ': <sip:a@192.0.2.66>'), 400), (changed(6, 'Contact: <sip:a@192.0.2.66>', 'Expires:'), 400),
    (changed(6, *['Contact: <sip:a@192.0.2.66>'] * 33), 413), (changed(7, 'Content-Length: 1'), 400), (changed(7, 'Content-Length: -1'), 400),
    (changed(7, 'Content-Length: 99999999999999999999999'), 400), (changed(7, 'Content-Length:'), 400), (changed(7, 'Content-Length: 0 0'), 400),
    (changed(7, 'l: 0', 'Content-Length: 0'), 400), (in_dialog('Content-Length: 1'), 400), (in_dialog('Allow: x', *['Route: <sip:a>'] * 33), 413),
    (['INVITE sip:%zz@ SIP/2.0'] + in_dialog()[1:], 400), (['INVITE <sip:alice@example.org> SIP/2.0'] + in_dialog()[1:], 400),
    (['INVITE sip:alice@example.org SIP/2.0'] + HEAD[1:4] + ['CSeq: 9 INVITE'], 400),
]


def test_malformed_requests_change_nothing():
    with Server() as server:
        assert server.peer().register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5).code == 200
        for lines, code in MALFORMED:
            peer = server.peer()
            peer.send('\r\n'.join(lines) + '\r\n\r\n')
            answer = peer.recv(0.1 if code is None else 3)
            assert (answer.code if answer else None) == code, (lines, answer)
            assert not answer or not answer.get('evil')
        assert listed(server.peer()) == ['<sip:alice@192.0.2.1>']


def test_noise_stops_nobody():
    datagrams = noise(random.Random(8))
    with Server() as server:
        peer = server.peer()
        assert peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5).code == 200
        stranger = server.peer()
        for n, data in enumerate(datagrams):
            stranger.send(data)
            if n % 20 == 0:
                assert listed(server.peer()) == ['<sip:alice@192.0.2.1>'], datagrams[n - 20:n + 1]
            server.buffer = b''
            while select.select([server.process.stdout], [], [], 0)[0]:
                server.process.stdout.read1(65536)
        assert listed(server.peer()) == ['<sip:alice@192.0.2.1>'] and server.alive()


def test_it_goes_on_when_nobody_reads_the_events():
    with Server() as server:
        server.process.stdout.close()
        peer = server.peer()
        for n in range(3):
            assert peer.register('alice%d' % n).code == 200
        server.process.stdout = None


def test_a_wrong_command_line_is_refused():
    here = ('127.0.0.1', '0')
    for args in (), here[:1], ('localhost', '0'), ('127.0.0.1', 'x'), ('192.0.2.1', '0'), (*here, 'nosuch=1'), (*here, 'min_expires=x'):
        done = subprocess.run([BINARY, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
        assert done.returncode in (1, 2) and done.stderr and not done.stdout, (args, done)


run(globals())
