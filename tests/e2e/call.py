# SPDX-License-Identifier: MIT
"""Calls through the proxy: routing, dialogs, forking, CANCEL, refusals."""
import re
import time
from harness import Daemon, Peer, free_port, run, serial

CALLER = '<sip:caller@example.net>;tag=caller'


class Call:
    """An INVITE from the caller's side."""

    def __init__(self, peer, uri='sip:bob@example.org', headers=(), contact=None, caller=CALLER, **kw):
        self.peer, self.uri, self.id, self.branch, self.caller = peer, uri, 'call-%d' % next(serial), peer.branch(), caller
        contact = 'Contact: <%s>' % (contact or 'sip:caller@' + peer.address)
        self.text = peer.request('INVITE', uri, caller, '<%s>' % uri, self.id, 1, [contact] + list(headers), 'v=0\r\n', branch=self.branch,
                **kw)
        peer.send(self.text)

    def cancel(self, headers=()):
        self.peer.send(self.peer.request('CANCEL', self.uri, self.caller, '<%s>' % self.uri, self.id, 1, headers, branch=self.branch))

    def ack_refusal(self, answer):
        self.peer.send(self.peer.request('ACK', self.uri, self.caller, answer.get('to'), self.id, 1, branch=self.branch))

    def in_dialog(self, method, answer, cseq, headers=()):
        """A request within the dialog of a 2xx: Route from its Record-Route, in reverse (RFC 3261 §12.1.2)."""
        remote = re.search('<([^>]*)>', answer.get('contact')).group(1)
        routes = ['Route: %s' % r for r in reversed(answer.values('record-route'))]
        self.peer.send(self.peer.request(method, remote, self.caller, answer.get('to'), self.id, cseq, routes + list(headers)))


def pair(daemon, caller='udp', callee='udp'):
    a, b = daemon.peer(caller), daemon.peer(callee)
    assert b.register('bob', ['<sip:bob@%s%s>' % (b.address, '' if callee == 'udp' else ';transport=tcp')]).code == 200
    return a, b


def contact(peer):
    return ['Contact: <sip:bob@%s%s>' % (peer.address, '' if peer.proto == 'udp' else ';transport=tcp')]


def each_pair(test, *args):
    for caller in ('udp', 'tcp'):
        for callee in ('udp', 'tcp'):
            # Over TCP the callee has no listener: only the connection it registered on reaches it.
            with Daemon('--set', 'received_avp=$avp(rcv)', *args) as daemon:
                test(daemon, *pair(daemon, caller, callee))


def test_a_call_from_invite_to_bye():
    def test(daemon, a, b):
        call = Call(a, headers=['X-Unknown: kept as it is'])
        assert int(a.raw().split(b' ')[1]) == 100
        invite = b.expect('INVITE')
        assert invite.uri.startswith('sip:bob@' + b.address) and invite.body == b'v=0\r\n'
        assert invite.get('x-unknown') == 'kept as it is'
        assert invite.get('max-forwards') == '69' and len(invite.all('via')) == 2 and a.address in invite.all('via')[1]
        assert invite.values('record-route') and all(daemon.address in r and ';lr' in r for r in invite.values('record-route'))
        b.answer(invite, 180)
        assert a.expect(180).values('record-route') == invite.values('record-route')
        b.answer(invite, 200, headers=contact(b), body='v=1\r\n')
        ok = a.expect(200)
        assert ok.body == b'v=1\r\n' and len(ok.all('via')) == 1
        call.in_dialog('ACK', ok, 1)
        ack = b.expect('ACK')
        assert ack.get('route') is None and ack.uri.startswith('sip:bob@' + b.address), ack
        call.in_dialog('INVITE', ok, 2, ['Contact: <sip:caller@%s>' % a.address])
        again = b.expect('INVITE')
        b.answer(again, 200, headers=contact(b))
        call.in_dialog('ACK', a.expect(200), 2)
        b.expect('ACK')
        # The callee hangs up: its route set is the Record-Route as it came.
        routes = ['Route: %s' % r for r in invite.values('record-route')]
        b.send(b.request('BYE', 'sip:caller@%s%s' % (a.address, '' if a.proto == 'udp' else ';transport=tcp'), ok.get('to'), CALLER,
                call.id, 1, routes))
        bye = a.expect('BYE')
        assert bye.get('route') is None and bye.uri.startswith('sip:caller@' + a.address)
        a.answer(bye, 200)
        b.expect(200)
    each_pair(test)


def test_the_caller_hangs_up():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = Call(a)
        b.answer(b.expect('INVITE'), 200, headers=contact(b))
        ok = a.expect(200)
        call.in_dialog('ACK', ok, 1)
        b.expect('ACK')
        call.in_dialog('BYE', ok, 2)
        b.answer(b.expect('BYE'), 200)
        assert a.expect(200).get('cseq') == '2 BYE'


def test_a_refusal_comes_back_and_its_ack_stays():
    def test(daemon, a, b):
        call = Call(a)
        b.answer(b.expect('INVITE'), 486, 'Busy Here')
        b.expect('ACK')
        busy = a.expect(486)
        assert busy.start == 'SIP/2.0 486 Busy Here'
        call.ack_refusal(busy)
        a.silent(0.7)
        b.silent(0.1)
    each_pair(test)


def test_retransmissions_are_absorbed():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = Call(a)
        invite = b.expect('INVITE')
        b.answer(invite, 180)
        a.expect(180)
        a.send(call.text)
        a.expect(180)
        b.silent()
        b.answer(invite, 200, headers=contact(b))
        a.expect(200)
        b.answer(invite, 200, headers=contact(b))
        # Every 2xx goes end to end, repeated ones too (RFC 3261 §13.3.1.4).
        a.expect(200)


def test_two_phones_ring_and_the_other_stops():
    for proto in ('udp', 'tcp'):
        with Daemon('--set', 'received_avp=$avp(rcv)') as daemon:
            a, b, c = daemon.peer(proto), daemon.peer(proto), daemon.peer(proto)
            b.register('bob')
            c.register('bob')
            assert len(daemon.control.show('bob@example.org')) == 2
            call = Call(a)
            first, second = b.expect('INVITE'), c.expect('INVITE')
            b.answer(first, 180)
            c.answer(second, 180)
            a.expect(180)
            a.expect(180)
            c.answer(second, 200, headers=contact(c))
            ok = a.expect(200)
            cancel = b.expect('CANCEL')
            assert cancel.get('via') == first.get('via') and cancel.get('cseq') == '1 CANCEL'
            # No missed call is shown (RFC 3326).
            assert cancel.all('reason') == ['SIP;cause=200;text="Call completed elsewhere"'], cancel
            b.answer(cancel, 200)
            b.answer(first, 487)
            b.expect('ACK')
            call.in_dialog('ACK', ok, 1)
            c.expect('ACK')
            a.silent()
            b.silent(0.2)


def test_each_2xx_goes_upstream():
    with Daemon() as daemon:
        a, b, c = daemon.peer(), daemon.peer(), daemon.peer()
        b.register('bob')
        c.register('bob')
        Call(a)
        first, second = b.expect('INVITE'), c.expect('INVITE')
        b.answer(first, 200, headers=contact(b))
        c.answer(second, 200, headers=contact(c))
        assert {a.expect(200).tag('to'), a.expect(200).tag('to')} == {'t-%d' % b.port, 't-%d' % c.port}


def test_a_2xx_that_crosses_a_cancel_goes_upstream():
    """Also after the 487, and to a caller that only its connection reaches."""
    for proto in ('udp', 'tcp'):
        with Daemon() as daemon:
            a, b = pair(daemon, proto)
            call = Call(a)
            invite = b.expect('INVITE')
            call.cancel()
            call.ack_refusal(a.expect(487))
            b.answer(invite, 200, headers=contact(b))
            ok = a.expect(200)
            assert ok.get('cseq') == '1 INVITE'
            call.in_dialog('ACK', ok, 1)
            b.expect('ACK')


def test_one_branch_may_answer_more_than_once():
    """A proxy behind it has forked (RFC 6026)."""
    for proto in ('udp', 'tcp'):
        with Daemon() as daemon:
            a, b = pair(daemon, proto)
            Call(a)
            invite = b.expect('INVITE')
            for tag in ('one', 'two', 'one', 'three'):
                b.answer(invite, 200, tag=tag, headers=contact(b))
                assert a.expect(200).tag('to') == '%s-%d' % (tag, b.port)
            b.answer(invite, 486)
            a.silent(0.2)


def test_the_best_response_wins():
    for answers, best in (((486, 404), (486, 404)), ((500, 486), (486,)), ((486, 302), (302,)), ((404, 603), (603,)), ((486, 401), (401,)),
                          ((503, 503), (500,)), ((503, 404), (404,))):
        with Daemon() as daemon:
            a = daemon.peer()
            phones = [daemon.peer() for _ in answers]
            for phone in phones:
                phone.register('bob')
            call = Call(a)
            for phone, code in zip(phones, answers):
                phone.answer(phone.expect('INVITE'), code)
                phone.expect('ACK')
            answer = a.recv()
            assert answer.code in best, (answers, answer)
            call.ack_refusal(answer)


def test_challenges_are_collected():
    with Daemon() as daemon:
        a, b, c = daemon.peer(), daemon.peer(), daemon.peer()
        b.register('bob')
        c.register('bob')
        Call(a)
        for phone in (b, c):
            phone.answer(phone.expect('INVITE'), 401, headers=['WWW-Authenticate: Digest realm="%d", nonce="1"' % phone.port])
        challenges = ' '.join(a.expect(401).all('www-authenticate'))
        assert str(b.port) in challenges and str(c.port) in challenges


def test_cancel_ends_it_everywhere():
    def test(daemon, a, b):
        c = daemon.peer(b.proto)
        c.register('bob')
        call = Call(a)
        invites = [b.expect('INVITE'), c.expect('INVITE')]
        for phone, invite in zip((b, c), invites):
            phone.answer(invite, 180)
            a.expect(180)
        call.cancel()
        ok = a.expect(200)
        assert ok.get('cseq') == '1 CANCEL'
        for phone, invite in zip((b, c), invites):
            cancel = phone.expect('CANCEL')
            phone.answer(cancel, 200)
            phone.answer(invite, 487)
            phone.expect('ACK')
        answer = a.expect(487)
        assert answer.get('cseq') == '1 INVITE'
        call.ack_refusal(answer)
        a.silent(0.3)
    each_pair(test)


def test_the_reason_of_a_cancel_reaches_every_phone():
    for reasons, told in (([], []), (['Reason: SIP;cause=200;text="Call completed elsewhere"'],) * 2,
                          (['Reason: Q.850;cause=16', 'reason: SIP;cause=487'], ['Reason: Q.850;cause=16, SIP;cause=487']),
                          (['Reason: ', 'Reason: Q.850;cause=16', 'Reason: ', 'Reason: SIP;cause=487', 'Reason:'], ['Reason: Q.850;cause=16, SIP;cause=487'])):
        with Daemon() as daemon:
            a, b = pair(daemon)
            dead = daemon.peer()
            dead.register('bob')
            call = Call(a)
            b.answer(b.expect('INVITE'), 180)
            a.expect(180)
            call.cancel(reasons)
            assert ['Reason: ' + r for r in b.expect('CANCEL').all('reason')] == told
            # Also the one that rings only after the CANCEL.
            dead.answer(dead.expect('INVITE'), 180)
            assert ['Reason: ' + r for r in dead.expect('CANCEL').all('reason')] == told


def test_a_phone_that_declines_for_all_says_why():
    with Daemon() as daemon:
        a, b = pair(daemon)
        c = daemon.peer()
        c.register('bob')
        Call(a)
        b.answer(b.expect('INVITE'), 180)
        a.expect(180)
        c.answer(c.expect('INVITE'), 600)
        assert b.expect('CANCEL').get('reason') == 'SIP;cause=600;text="Busy Everywhere"'


def test_cancel_does_not_wait_for_a_phone_that_is_not_there():
    with Daemon() as daemon:
        a, b, dead = daemon.peer(), daemon.peer(), daemon.peer()
        dead.register('bob')
        b.register('bob')
        call = Call(a)
        invite = b.expect('INVITE')
        b.answer(invite, 180)
        a.expect(180)
        call.cancel()
        a.expect(200)
        b.answer(b.expect('CANCEL'), 200)
        b.answer(invite, 487)
        answer = a.expect(487)
        call.ack_refusal(answer)
        # And should it come to life, it is told.
        dead.answer(dead.expect('INVITE'), 180)
        dead.expect('CANCEL')


def test_cancel_that_comes_too_late():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = Call(a)
        b.answer(b.expect('INVITE'), 200, headers=contact(b))
        a.expect(200)
        call.cancel()
        assert a.recv().code in (200, 481)
        b.silent()
        late = Call(a, 'sip:nobody@example.org')
        a.expect(404)
        late.cancel()
        assert a.expect(200).get('cseq') == '1 CANCEL'


def test_what_is_refused():
    with Daemon() as daemon:
        a, b = pair(daemon)
        route = 'Route: <sip:%s;lr>' % daemon.address
        for expected, uri, headers, kw in (
                (404, 'sip:nobody@example.org', [], {}),
                (404, 'sip:nobody@' + daemon.address, [], {}),
                (404, 'sip:' + daemon.address, [], {}),
                (483, 'sip:bob@example.org', [], {'forwards': 0}),
                (420, 'sip:bob@example.org', ['Proxy-Require: foo, bar'], {}),
                (416, 'tel:+1234', [], {}),
                (416, 'http://example.org/', [], {}),
                # Nobody is relayed to where nobody registered from.
                (403, 'sip:bob@example.org', ['Route: <sip:192.0.2.1;lr>'], {}),
                (403, 'sip:bob@example.org', [route, 'Route: <sip:192.0.2.1;lr>'], {}),
                (404, 'sip:x@192.0.2.1', [route], {})):
            call = Call(a, uri, headers, **kw)
            answer = a.recv()
            assert answer.code == expected, (uri, headers, answer)
            if expected == 420:
                assert answer.values('unsupported') == ['foo', 'bar'], answer
            call.ack_refusal(answer)
        b.silent()
        assert Call(a, headers=[route]) and b.expect('INVITE').get('route') is None


def test_requests_to_registrard_itself():
    with Daemon() as daemon:
        for proto in ('udp', 'tcp'):
            a = daemon.peer(proto)
            for method, expected in (('OPTIONS', 200), ('MESSAGE', 404), ('SUBSCRIBE', 404)):
                a.send(a.request(method, 'sip:' + daemon.address, CALLER, '<sip:%s>' % daemon.address, 'self-%s-%s' % (method, proto), 1))
                answer = a.recv()
                assert answer.code == expected and (expected != 200 or 'INVITE' in answer.get('allow')), answer


def test_max_forwards_is_added_where_it_lacks():
    with Daemon() as daemon:
        a, b = pair(daemon)
        Call(a, forwards=None)
        assert b.expect('INVITE').get('max-forwards') == '70'
        Call(a, forwards=1)
        assert b.expect('INVITE').get('max-forwards') == '0'


def test_a_loop_is_broken():
    with Daemon() as daemon:
        a = daemon.peer()
        # Two bindings that point back here would double the request at each turn.
        assert a.register('loop', ['<sip:loop@%s;x=1>' % daemon.address, '<sip:loop@%s;x=2>' % daemon.address],
                domain='127.0.0.1').code == 200
        started = time.monotonic()
        Call(a, 'sip:loop@' + daemon.address)
        assert a.recv(10).code in (482, 483, 500)
        assert time.monotonic() - started < 5
        assert 'aors' in daemon.control('dump')


def contacts_that_are_us(*hosts):
    with Daemon() as daemon:
        a, phone = daemon.peer(), daemon.peer()
        # Six of them would make 6! branches, were the request let through.
        for n in range(6):
            for host in hosts:
                assert a.register('loop', ['<sip:loop@%s:%d;x=%d>' % (host, daemon.port, n)], domain='127.0.0.1').code == 200
        a.send(a.request('MESSAGE', 'sip:loop@' + daemon.address, CALLER, '<sip:loop@%s>' % daemon.address, 'bomb', 1))
        assert a.expect(482, 10)
        # Others are reached all the same, and what they say counts for more.
        phone.register('loop', domain='127.0.0.1')
        a.send(a.request('MESSAGE', 'sip:loop@' + daemon.address, CALLER, '<sip:loop@%s>' % daemon.address, 'bomb', 2))
        phone.answer(phone.expect('MESSAGE'), 486)
        assert a.expect(486, 10)
        assert 'aors' in daemon.control('dump')


def test_a_contact_that_is_us_is_not_forwarded_to():
    contacts_that_are_us('127.0.0.1')


def test_nor_is_one_whose_name_is_ours():
    contacts_that_are_us('127.0.0.1', 'localhost')


def test_nor_is_an_address_that_the_machine_has_without_listing_it():
    port = free_port('0.0.0.0')
    with Daemon('--listen', 'udp:0.0.0.0:%d' % port, listen=()) as daemon:
        daemon.port, a = port, Peer(port)
        for user, host in (('bob', '127.0.0.2'), ('carol', '0.0.0.0')):
            assert a.register(user, ['<sip:%s@%s:%d;x=%d>' % (user, host, port, n) for n in range(10)]).code == 200
            before = daemon.control('stats')['received_requests']
            a.send(a.request('MESSAGE', 'sip:%s@example.org' % user, CALLER, '<sip:b@example.org>', 'hidden-' + user, 1))
            a.expect(482)
            assert daemon.control('stats')['received_requests'] == before + 11


def test_what_comes_from_ourselves_is_a_loop():
    with Daemon() as daemon:
        a, b = pair(daemon)
        text = a.request('MESSAGE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'own-via', 1)
        a.send(text.replace('Via: SIP/2.0/UDP ' + a.address, 'Via: SIP/2.0/UDP ' + daemon.address, 1).replace(';rport', ';rport', 1))
        b.silent()


def test_max_breadth_is_shared_among_the_branches():
    with Daemon() as daemon:
        a, phones = daemon.peer(), [daemon.peer() for _ in range(3)]
        for phone in phones:
            phone.register('bob')

        def send(cseq, *headers):
            a.send(a.request('MESSAGE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'breadth', cseq, headers))

        for cseq, headers, shares in ((1, [], ['20', '20', '20']), (2, ['Max-Breadth: 7'], ['2', '2', '3']),
                                      (3, ['max-breadth: 4000000000000000000000'], ['20', '20', '20']), (4, ['Max-Breadth: x'], ['20', '20', '20'])):
            send(cseq, *headers)
            got = [phone.expect('MESSAGE') for phone in phones]
            assert sorted(m.get('max-breadth') for m in got) == shares and all(len(m.all('max-breadth')) == 1 for m in got), got
            for phone, message in zip(phones, got):
                phone.answer(message, 200)
            a.expect(200)
        # One branch is left: one phone gets it.
        send(5, 'Max-Breadth: 1')
        got = [(phone, phone.recv(0.1)) for phone in phones]
        got = [(phone, message) for phone, message in got if message]
        assert len(got) == 1 and got[0][1].get('max-breadth') == '1', got
        got[0][0].answer(got[0][1], 200)
        a.expect(200)
        # And none is left (RFC 5393 §5.3.3.1).
        send(6, 'Max-Breadth: 0')
        assert a.expect(440).start == 'SIP/2.0 440 Max-Breadth Exceeded'
        for phone in phones:
            phone.silent(0.1)


def test_calls_at_a_time_have_a_limit():
    with Daemon('--max-calls', '3') as daemon:
        a, b = pair(daemon)
        calls = [Call(a) for _ in range(3)]
        invites = [b.expect('INVITE') for _ in calls]
        for invite in invites:
            b.answer(invite, 180)
            a.expect(180)
        Call(a)
        refused = a.expect(503)
        assert refused.get('retry-after')
        a.send(a.request('MESSAGE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'too-much', 1))
        a.expect(503)
        # What is under way goes on, and makes room.
        b.answer(invites[0], 486)
        b.expect('ACK')
        calls[0].ack_refusal(a.expect(486))
        Call(a)
        b.answer(b.expect('INVITE'), 486)
        a.expect(486)


def test_an_answered_call_makes_room():
    with Daemon('--max-calls', '2') as daemon:
        a, b = pair(daemon)
        for n in range(10):
            call = Call(a)
            invite = b.expect('INVITE')
            b.answer(invite, 200, headers=contact(b))
            call.in_dialog('ACK', a.expect(200), 1)
            b.expect('ACK')
        # The latest still has its transactions.
        b.answer(invite, 200, tag='another', headers=contact(b))
        assert a.expect(200).tag('to') == 'another-%d' % b.port
        for _ in range(2):
            Call(a)
            b.expect('INVITE')
        Call(a)
        a.expect(503)


def test_filters_that_leave_nobody():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = Call(a, 'sips:bob@example.org')
        answer = a.recv()
        assert answer.code == 480, answer
        call.ack_refusal(answer)
        b.silent()


def test_requests_outside_dialogs():
    def test(daemon, a, b):
        for cseq, method in enumerate(('MESSAGE', 'OPTIONS', 'SUBSCRIBE', 'INFO', 'FANCY'), 1):
            a.send(a.request(method, 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'out-1', cseq, body='hello'))
            request = b.expect(method)
            assert request.body == b'hello' and bool(request.all('record-route')) == (method == 'SUBSCRIBE')
            b.answer(request, 202)
            assert a.expect(202).get('cseq') == '%d %s' % (cseq, method)
    each_pair(test)


def test_an_ack_without_route_finds_the_phone():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call = Call(a)
        b.answer(b.expect('INVITE'), 200, headers=contact(b))
        ok = a.expect(200)
        a.send(a.request('ACK', 'sip:bob@example.org', CALLER, ok.get('to'), call.id, 1))
        b.expect('ACK')


def test_a_phone_that_cannot_be_reached():
    from harness import free_port
    with Daemon() as daemon:
        a = daemon.peer()
        a.register('bob', ['<sip:bob@127.0.0.1:%d;transport=tcp>' % free_port(), '<sip:bob@[2001:db8::1]>',
                '<sip:bob@192.0.2.1;transport=tls>'])
        Call(a)
        assert a.recv(10).code == 500


def test_connections_that_break():
    with Daemon('--set', 'received_avp=$avp(rcv)') as daemon:
        # The caller's, while it rings: the answer has nowhere to go.
        a, b = pair(daemon, 'tcp', 'udp')
        Call(a)
        invite = b.expect('INVITE')
        b.answer(invite, 180)
        a.expect(180)
        a.close()
        b.answer(invite, 486)
        b.expect('ACK')
        # The phone's, while it rings: it can be neither asked nor told any more, but the caller gets out.
        a, b = pair(daemon, 'udp', 'tcp')
        call = Call(a)
        b.answer(b.expect('INVITE'), 180)
        a.expect(180)
        b.close()
        call.cancel()
        assert a.expect(200).get('cseq') == '1 CANCEL'
        # And one that was there when it registered.
        daemon.control('remove bob@example.org')
        a, b = pair(daemon, 'udp', 'tcp')
        b.close()
        time.sleep(0.1)
        Call(a)
        assert a.recv(5).code == 500
        assert 'aors' in daemon.control('dump')


def stray(daemon, *vias):
    return '\r\n'.join(['SIP/2.0 200 OK', 'Via: SIP/2.0/UDP %s;branch=z9hG4bKx' % daemon.address] + ['Via: ' + via for via in vias] + [
        'From: ' + CALLER, 'To: <sip:b@example.org>;tag=1', 'Call-ID: x', 'CSeq: 1 INVITE', 'Content-Length: 0', '', ''])


def test_a_stray_2xx_goes_nowhere():
    with Daemon() as daemon:
        a, b = daemon.peer(), daemon.peer()
        for via in ('SIP/2.0/UDP %s;branch=z9hG4bKy' % b.address, 'SIP/2.0/UDP x.invalid:%d;received=127.0.0.1' % b.port, 'SIP/2.0/UDP x.invalid:%d' % b.port, 'SIP/2.0/UDP %s' % daemon.address, 'SIP/2.0/UDP 127.0.0.1:0', 'SIP/2.0/XYZ ' + b.address,
                    'SIP/2.0/UDP x.invalid;received=y.invalid;rport=%d' % b.port, 'SIP/2.0/UDP 127.0.0.1;received=127.0.0.1;rport=99999'):
            started = time.monotonic()
            a.send(stray(daemon, via))
            assert 'aors' in daemon.control('dump') and time.monotonic() - started < 0.5
        # A refusal, or the answer to another request, is of no use without its transaction.
        a.send(stray(daemon, 'SIP/2.0/UDP ' + b.address).replace(' 200 ', ' 486 '))
        a.send(stray(daemon, 'SIP/2.0/UDP ' + b.address).replace(' INVITE', ' BYE'))
        b.silent()


def test_the_maddr_of_a_contact_is_its_next_hop():
    with Daemon() as daemon:
        a, b = daemon.peer(), daemon.peer()
        assert b.register('bob', ['<sip:bob@192.0.2.1:%d;maddr=127.0.0.1>' % b.port]).code == 200
        Call(a)
        assert b.expect('INVITE').uri == 'sip:bob@192.0.2.1:%d;maddr=127.0.0.1' % b.port


def test_stray_responses_and_acks_are_dropped():
    with Daemon() as daemon:
        a, b = pair(daemon)
        for via in ('SIP/2.0/UDP %s;branch=z9hG4bKx' % daemon.address, 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx'):
            a.send('\r\n'.join(['SIP/2.0 200 OK', 'Via: ' + via, 'From: ' + CALLER, 'To: <sip:b@example.org>;tag=1', 'Call-ID: x',
                                'CSeq: 1 INVITE', 'Content-Length: 0', '', '']))
        a.send(a.request('ACK', 'sip:nobody@example.org', CALLER, '<sip:nobody@example.org>;tag=x', 'stray', 1))
        a.send(a.request('ACK', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>;tag=x', 'stray', 1, forwards=0))
        a.silent()
        b.silent(0.1)


if __name__ == '__main__':
    run(globals())
