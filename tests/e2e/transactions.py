# SPDX-License-Identifier: MIT
"""Transactions of registrard: callers without branches (RFC 3261 §17.2.3), callers behind proxies, and the memory of many calls."""
import re
import socket
import time
from call import CALLER, Call, pair
from harness import Daemon, Message, Skip, is_sanitized, resident, run


def without_branch(text):
    return re.sub(r'(Via: [^;\r]*);branch=[^;\r]*', r'\1', text, count=1)


def refuse(callee, code):
    callee.answer(callee.expect('INVITE'), code)
    callee.expect('ACK')


class OldCall:
    """An INVITE as a client of RFC 2543 sends it."""

    def __init__(self, peer, number):
        self.peer, self.id = peer, 'old-%d' % number
        self.send('INVITE', '<sip:bob@example.org>')

    def send(self, method, to):
        self.peer.send(without_branch(self.peer.request(method, 'sip:bob@example.org', CALLER, to, self.id, 1)))


def test_an_ack_without_branch_stops_a_refusal():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = OldCall(a, 1)
        refuse(b, 486)
        busy = a.expect(486)
        # Another tag acknowledges nothing: this is the ACK of a 2xx.
        call.send('ACK', '<sip:bob@example.org>;tag=other')
        b.expect('ACK')
        assert a.expect(486).get('to') == busy.get('to')
        call.send('ACK', busy.get('to'))
        a.silent(1.5)
        b.silent(0.1)


def test_a_cancel_without_branch_finds_its_call():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = OldCall(a, 1)
        invite = b.expect('INVITE')
        b.answer(invite, 180)
        a.expect(180)
        call.send('INVITE', '<sip:bob@example.org>')
        a.expect(180)
        b.silent(0.1)
        call.send('CANCEL', '<sip:bob@example.org>')
        assert a.expect(200).get('cseq') == '1 CANCEL'
        b.answer(b.expect('CANCEL'), 200)
        b.answer(invite, 487)
        call.send('ACK', a.expect(487).get('to'))
        a.silent(0.7)


def test_answers_return_through_all_proxies_of_a_caller():
    below = ['SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1', 'SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2;x="a, b"', 'SIP/2.0/UDP 192.0.2.3']
    with Daemon() as daemon:
        a = daemon.peer()
        for lines in (below, [', '.join(below)], [below[0], ', '.join(below[1:])], ['\r\nSubject: x\r\nVia: '.join(below)]):
            for method, uri, forwards, codes in (('INVITE', 'sip:nobody@example.org', 70, [100, 404]), ('MESSAGE', 'sip:b@h', 0, [483]),
                                                 ('OPTIONS', 'sip:' + daemon.address, 70, [200]), ('MESSAGE', 'tel:1', 70, [416])):
                text = a.request(method, uri, CALLER, '<sip:b@h>', 'vias-%d' % a.port, 1, forwards=forwards)
                first = re.search('Via: ([^;]*;branch=[^;]*)', text).group(1)
                a.send(text.replace('\r\nFrom:', ''.join('\r\nVia: ' + line for line in lines) + '\r\nFrom:'))
                for code in codes:
                    answer = Message.parse(a.raw())
                    assert answer.code == code and answer.values('via')[1:] == below, answer
                    assert answer.values('via')[0].startswith(first), answer


def test_memory_is_given_back_after_a_storm_of_cancelled_calls():
    if is_sanitized():
        raise Skip('AddressSanitizer keeps what is freed')
    with Daemon() as daemon:
        a, b = pair(daemon)
        before = resident(daemon)
        for _ in range(8000):
            call = Call(a)
            # A store may answer late, and a call that is cancelled before reaches nobody.
            while b.expect('INVITE').get('call-id') != call.id:
                pass
            call.cancel()
            assert a.expect(200).get('cseq') == '1 CANCEL'
            call.ack_refusal(a.expect(487))
        assert resident(daemon) > before + (8 << 20), 'the storm is large enough to show'
        # The phone that answered nothing is given up after 32 s.
        deadline = time.monotonic() + 90
        while resident(daemon) > before + (4 << 20):
            assert time.monotonic() < deadline, '%d KiB stay' % ((resident(daemon) - before) >> 10)
            time.sleep(0.5)


def change_branch(via):
    return re.sub(r'(;branch=[^;]*)([^;])', lambda parts: parts.group(1) + ('1' if parts.group(2) == '0' else '0'), via, count=1)


def test_a_2xx_without_a_transaction_goes_to_the_caller_alone():
    with Daemon('--max-calls', '1') as daemon:
        a, b = pair(daemon)
        other = daemon.peer()
        for n, sent_by in enumerate((a.address, 'x.invalid:%d;maddr=192.0.2.1' % a.port)):
            text = a.request('INVITE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'kept-%d' % n, 1)
            a.send(text.replace('UDP ' + a.address, 'UDP ' + sent_by))
            invite = b.expect('INVITE')
            b.answer(invite, 200)
            a.expect(200)
            # Another call takes its place, so nobody waits for its 2xx.
            Call(a)
            b.answer(b.expect('INVITE'), 200)
            a.expect(200)
            ours, below = invite.all('via')
            rest = [header for header in invite.headers if header[0] != 'via']
            elsewhere = below.replace(str(a.port), str(other.port))
            for vias in ([ours, below], [change_branch(ours), below], [ours, elsewhere], [ours, elsewhere, below], [ours]):
                b.answer(Message(invite.start, [('via', via) for via in vias] + rest), 200)
                if vias == [ours, below]:
                    assert a.expect(200).all('via') == [below]
            other.silent(0.2)
            a.silent(0.1)


def test_large_requests_to_many_phones_are_limited_by_their_bytes():
    with Daemon('--max-calls', '10') as daemon, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        a = daemon.peer('tcp')
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        silent.bind(('127.0.0.1', 0))
        for n in range(3):
            contacts = ['<sip:bob%d.%d@127.0.0.1:%d>' % (n, m, silent.getsockname()[1]) for m in range(20)]
            assert daemon.peer().register('bob', contacts).code == 200
        for n in range(10):
            a.send(a.request('MESSAGE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'large-%d' % n, 1, body='x' * 48000))
        # Each takes three megabytes, of 16 and 16 KiB for each call.
        refused = [a.expect(503) for _ in range(4)]
        assert all(answer.get('retry-after') == '5' for answer in refused)
        a.silent(0.2)
        assert daemon.control('stats')['refused_calls'] == 4


run(globals())
