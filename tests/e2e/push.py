# SPDX-License-Identifier: MIT
"""Push notifications (RFC 8599): requests wait for a phone that sleeps, gain a branch when it registers again, or are answered without it."""
import re
import time
from call import CALLER, Call, contact
from harness import Control, Daemon, run, serial

URN = 'urn:uuid:%08x-0000-4000-8000-000000000000'


def on(*args, timeout=20):
    """A registrard that wakes phones. A test that does not wait for the time limit has a long one."""
    return Daemon('--set', 'pn_enable=1', '--set', 'pn_providers=acme', '--set', 'pn_refresh_timeout=%d' % timeout, *args)


class Phone:
    """A phone that can be woken. Its device number is in its instance and in its push parameters."""

    def __init__(self, daemon, user='bob', device=None, proto='udp', headers=(), **params):
        self.daemon, self.user, self.device, self.headers = daemon, user, device or next(serial), list(headers)
        self.callid, self.cseq, self.params = 'phone-%d' % next(serial), 0, params
        self.connect(proto)
        assert self.register().code == 200

    def connect(self, proto):
        self.peer = self.daemon.peer(proto)

    def contact(self):
        where = self.peer.address + (';transport=tcp' if self.peer.proto == 'tcp' else '')
        params = ''.join(';%s=%s' % (name.replace('_', '-'), value) for name, value in self.params.items())
        return '<sip:%s@%s;pn-provider=acme;pn-prid=%d;pn-param=app>;+sip.instance="<%s>"%s' % (
            self.user, where, self.device, URN % self.device, params)

    def register(self, send_only=False):
        self.cseq += 1
        return self.peer.register(self.user, [self.contact()], self.callid, self.cseq, self.headers, send_only)

    def wake(self):
        """The push arrived: it registers. The answer comes before any request that waited."""
        ok = self.register()
        assert ok.code == 200, ok

    def __getattr__(self, name):
        return getattr(self.peer, name)


class Pushes:
    """What a push gateway hears."""

    def __init__(self, daemon):
        self.control = Control(daemon.path)
        self.control.send('events\n')
        # The next answer says that the subscription is made.
        self.control.send('stats\n')
        while 'event' in self.control.line():
            pass

    def next(self):
        while True:
            event = self.control.line()
            assert event, 'no push'
            if event['event'] == 'CONTACT_REFRESH':
                return event

    def expect(self, reason, callid, *phones):
        """One push for each of these devices, in any order."""
        events = [self.next() for _ in phones]
        assert all(e['reason'] == reason and e['callid'] == callid for e in events), events
        assert sorted(re.search('pn-prid=([0-9]+)', e['contact']['uri']).group(1) for e in events) == sorted(str(p.device) for p in phones)


def request(peer, method, uri='sip:bob@example.org', headers=()):
    callid = '%s-%d' % (method, next(serial))
    peer.send(peer.request(method, uri, CALLER, '<%s>' % uri, callid, 1, headers))
    return callid


def counts(daemon):
    stats = daemon.control('stats')
    return [stats['wakeups_' + name] for name in ('sent', 'answered', 'timed_out')]


def mixed(daemon, user='bob'):
    plain, asleep = daemon.peer(), Phone(daemon, user)
    assert plain.register(user).code == 200
    a, pushes = daemon.peer(), Pushes(daemon)
    call = Call(a, 'sip:%s@example.org' % user)
    pushes.expect('ini-INVITE', call.id, asleep)
    return a, call, plain, plain.expect('INVITE'), asleep


def test_an_invite_waits_until_its_phone_registers():
    with on() as daemon:
        a, phone, pushes = daemon.peer(), Phone(daemon), Pushes(daemon)
        call = Call(a)
        assert int(a.raw().split(b' ')[1]) == 100
        pushes.expect('ini-INVITE', call.id, phone)
        phone.silent(0.2)
        a.send(call.text)
        assert int(a.raw().split(b' ')[1]) == 100
        phone.wake()
        invite = phone.expect('INVITE')
        assert invite.uri == 'sip:bob@' + phone.address, invite
        phone.answer(invite, 180)
        a.expect(180)
        phone.answer(invite, 200, headers=contact(phone.peer))
        ok = a.expect(200)
        call.in_dialog('ACK', ok, 1)
        phone.expect('ACK')
        assert counts(daemon) == [1, 1, 0] and daemon.control('stats')['held_requests'] == 1
        assert 'registrard_held_requests 1\n' in daemon.control('metrics')['text']
        assert re.search(r'\n\w*wakeups_sent\S* 1\n', daemon.control('metrics')['text'])


def test_any_other_request_waits_too():
    with on() as daemon:
        phone, pushes = Phone(daemon), Pushes(daemon)
        for proto in ('udp', 'tcp'):
            a = daemon.peer(proto)
            for method in ('MESSAGE', 'OPTIONS', 'SUBSCRIBE'):
                callid = request(a, method)
                pushes.expect('ini-' + method, callid, phone)
                phone.silent(0.05)
                phone.wake()
                phone.answer(phone.expect(method), 202)
                assert a.expect(202).get('call-id') == callid


def test_a_phone_that_stays_away():
    with on(timeout=3) as daemon:
        a, b, phone, pushes = daemon.peer(), daemon.peer(), Phone(daemon), Pushes(daemon)
        call, strict = Call(a), Call(b, headers=['Require: foo, 100rel'])
        pushes.expect('ini-INVITE', call.id, phone)
        pushes.expect('ini-INVITE', strict.id, phone)
        d, ringing, plain, invite, _ = mixed(daemon, 'carol')
        plain.answer(invite, 180)
        d.expect(180)
        c = daemon.peer()
        request(c, 'MESSAGE')
        queued = a.recv(5)
        assert queued.start == 'SIP/2.0 182 Queued' and queued.tag('to'), queued
        refused = a.expect(480)
        assert refused.tag('to') == queued.tag('to')
        call.ack_refusal(refused)
        # Without reliable provisional responses this caller gets none (RFC 3262 §3).
        refused = b.recv(5)
        assert refused.code == 480, refused
        strict.ack_refusal(refused)
        assert c.recv(5).code == 480
        # Nor does one that hears its phone ring, which goes on.
        d.silent(0.1)
        assert counts(daemon) == [4, 0, 4]
        plain.answer(invite, 486)
        ringing.ack_refusal(d.expect(486))
        # It comes too late.
        phone.wake()
        phone.silent()


def test_a_caller_that_cancels():
    with on() as daemon:
        for proto in ('udp', 'tcp'):
            a, phone, pushes = daemon.peer(proto), Phone(daemon, proto), Pushes(daemon)
            call = Call(a, 'sip:%s@example.org' % proto)
            pushes.expect('ini-INVITE', call.id, phone)
            call.cancel()
            assert a.expect(200).get('cseq') == '1 CANCEL'
            call.ack_refusal(a.expect(487))
            phone.wake()
            phone.silent(0.2)
            # And one whose CANCEL is the next thing that registrard reads.
            call = Call(a, 'sip:%s@example.org' % proto)
            call.cancel()
            assert a.expect(200).get('cseq') == '1 CANCEL'
            call.ack_refusal(a.expect(487))


def test_a_plain_phone_rings_while_another_one_wakes():
    with on() as daemon:
        a, call, plain, invite, asleep = mixed(daemon)
        plain.answer(invite, 180)
        a.expect(180)
        asleep.wake()
        woken = asleep.expect('INVITE')
        asleep.answer(woken, 180)
        a.expect(180)
        plain.answer(invite, 200, headers=contact(plain))
        assert a.expect(200).tag('to') == 't-%d' % plain.port
        cancel = asleep.expect('CANCEL')
        assert cancel.get('reason') == 'SIP;cause=200;text="Call completed elsewhere"'
        asleep.answer(cancel, 200)
        asleep.answer(woken, 487)
        asleep.expect('ACK')


def test_the_caller_hears_of_no_refusal_before_all_are_awake():
    with on() as daemon:
        a, call, plain, invite, asleep = mixed(daemon)
        plain.answer(invite, 486)
        plain.expect('ACK')
        a.silent(0.3)
        asleep.wake()
        asleep.answer(asleep.expect('INVITE'), 200, headers=contact(asleep.peer))
        assert a.expect(200).tag('to') == 't-%d' % asleep.port


def test_a_final_answer_of_one_phone_ends_the_wait():
    for status in (200, 603):
        with on() as daemon:
            a, call, plain, invite, asleep = mixed(daemon)
            plain.answer(invite, status, headers=contact(plain))
            answer = a.expect(status)
            if status == 603:
                call.ack_refusal(answer)
            asleep.wake()
            asleep.silent(0.2)
            # A further 2xx still goes its way.
            if status == 200:
                plain.answer(invite, 200, tag='again', headers=contact(plain))
                assert a.expect(200).tag('to') == 'again-%d' % plain.port


def test_one_answer_to_any_other_request_ends_the_wait():
    with on() as daemon:
        plain, asleep, a, pushes = daemon.peer(), Phone(daemon), daemon.peer(), Pushes(daemon)
        assert plain.register('bob').code == 200
        pushes.expect('ini-MESSAGE', request(a, 'MESSAGE'), asleep)
        plain.answer(plain.expect('MESSAGE'), 200)
        a.expect(200)
        asleep.wake()
        asleep.silent(0.2)


def test_the_best_answer_when_the_time_is_over():
    with on(timeout=1) as daemon:
        # A phone that is reached answers for itself; one that is not counts for less than one that sleeps.
        cases = [(mixed(daemon, 'bob%d' % answer), answer, expected) for answer, expected in ((486, 486), (302, 302), (503, 480))]
        for (_, _, plain, invite, _), answer, _ in cases:
            plain.answer(invite, answer)
        for (a, call, _, _, asleep), _, expected in cases:
            call.ack_refusal(a.expect(expected))
            asleep.wake()
            asleep.silent(0.1)


def test_no_branches_takes_only_the_best():
    with on('--lookup', 'no-branches') as daemon:
        asleep, a, pushes = Phone(daemon, q='1.0'), daemon.peer(), Pushes(daemon)
        plain = daemon.peer()
        assert plain.register('bob', ['<sip:bob@%s>;q=0.5' % plain.address]).code == 200
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, asleep)
        plain.silent(0.2)
        asleep.wake()
        asleep.answer(asleep.expect('INVITE'), 486)
        call.ack_refusal(a.expect(486))
        plain.silent(0.1)


def test_thirty_phones_asleep():
    with on() as daemon:
        a, phones, pushes = daemon.peer(), [Phone(daemon) for _ in range(30)], Pushes(daemon)
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, *phones)
        awake, away = phones[:20], phones[20:]
        invites = []
        for phone in awake:
            phone.wake()
            invites.append(phone.expect('INVITE'))
            # None may get the share of another (RFC 5393 §5.3).
            assert invites[-1].get('max-breadth') == '2', invites
            phone.answer(invites[-1], 180)
            assert a.expect(180).tag('to') == 't-%d' % phone.port
        answers = awake.pop()
        answers.answer(invites.pop(), 200, headers=contact(answers.peer))
        assert a.expect(200).tag('to') == 't-%d' % answers.port
        for phone in awake:
            phone.expect('CANCEL')
        for phone in away:
            phone.wake()
        for phone in away:
            phone.silent(0.01)
        assert counts(daemon)[0] == 30


def test_a_request_that_may_have_no_branch_does_not_wait():
    with on() as daemon:
        a, phone = daemon.peer(), Phone(daemon)
        call = Call(a, headers=['Max-Breadth: 0'])
        call.ack_refusal(a.expect(440))
        phone.wake()
        phone.silent(0.1)


def until_later_flows_end(daemon):
    """Connections end one after the other. That of a phone which nobody can wake takes its binding with it."""
    other = daemon.peer('tcp')
    assert other.register('other', ['<sip:other@127.0.0.1:9;transport=tcp>;+sip.instance="<%s>";reg-id=1' % (URN % 0)],
                          headers=['Supported: path, outbound']).code == 200
    other.close()
    end = time.monotonic() + 3
    while daemon.control.show('other@example.org'):
        assert time.monotonic() < end, 'not in time'
        time.sleep(0.01)


def test_a_phone_comes_back_on_another_connection():
    # With outbound the binding of a phone that sleeps outlives the flow. Nobody listens where the Contact says.
    for args, headers, params in (((), (), {}), (('--set', 'outbound_mode=on'), ('Supported: path, outbound',), {'reg_id': 1})):
        with on('--set', 'received_avp=$avp(rcv)', *args) as daemon:
            a, phone, pushes = daemon.peer(), Phone(daemon, proto='tcp', headers=headers, **params), Pushes(daemon)
            row, = daemon.control.show('bob@example.org')
            phone.close()
            if args:
                until_later_flows_end(daemon)
            assert len(daemon.control.show('bob@example.org')) == 1
            call = Call(a)
            pushes.expect('ini-INVITE', call.id, phone)
            phone.connect('tcp')
            phone.wake()
            assert daemon.control.show('bob@example.org')[0]['flow'] != row['flow']
            phone.answer(phone.expect('INVITE'), 200, headers=contact(phone.peer))
            ok = a.expect(200)
            call.in_dialog('ACK', ok, 1)
            phone.expect('ACK')
            call.in_dialog('BYE', ok, 2)
            phone.answer(phone.expect('BYE'), 200)
            assert a.expect(200).get('cseq') == '2 BYE'


def test_a_flow_that_fails_gives_way_to_another_one_of_the_phone():
    with on('--set', 'outbound_mode=on') as daemon:
        a, pushes = daemon.peer(), Pushes(daemon)
        plain, phones = daemon.peer(), []
        assert plain.register('bob').code == 200
        for device in (7, 8):
            phones.append([Phone(daemon, device=device, proto='tcp', headers=['Supported: path, outbound'], reg_id=flow) for flow in (1, 2)])
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, phones[0][0], phones[1][0])
        plain.expect('INVITE')
        for first, second in phones:
            second.wake()
            invite = second.expect('INVITE')
            first.silent(0.1)
            second.answer(invite, 430)
            first.answer(first.expect('INVITE'), 180)
            a.expect(180)


def test_a_phone_behind_an_edge_proxy():
    with on('--save', 'path-strict') as daemon:
        a, old, edge, pushes = daemon.peer(), daemon.peer(), daemon.peer(), Pushes(daemon)
        phone = Phone(daemon, headers=['Supported: path', 'Path: <sip:%s;lr>' % old.address])
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, phone)
        # It comes back by way of another one.
        phone.headers[1] = 'Path: <sip:%s;lr>' % edge.address
        phone.wake()
        invite = edge.expect('INVITE')
        assert invite.get('route') == '<sip:%s;lr>' % edge.address and invite.uri == 'sip:bob@' + phone.address, invite
        edge.answer(invite, 486)
        call.ack_refusal(a.expect(486))
        old.silent(0.1)
        phone.silent(0.1)


def gruu_of(ok, name='pub-gruu'):
    return re.search(';%s="([^"]*)"' % name, ok.get('contact')).group(1)


def test_a_gruu_of_a_phone_that_sleeps():
    with on('--set', 'disable_gruu=0', '--set', 'gruu_secret=x') as daemon:
        phone, other = Phone(daemon, headers=['Supported: gruu']), Phone(daemon)
        for name in ('pub-gruu', 'temp-gruu'):
            a, pushes = daemon.peer(), Pushes(daemon)
            gruu = gruu_of(phone.register(), name)
            call = Call(a, gruu)
            pushes.expect('ini-INVITE', call.id, phone)
            phone.wake()
            phone.answer(phone.expect('INVITE'), 200, headers=['Contact: <%s>' % gruu_of(phone.register())])
            ok = a.expect(200)
            # An ACK wakes nobody: its phone has just answered.
            call.in_dialog('ACK', ok, 1)
            assert phone.expect('ACK').uri == 'sip:bob@' + phone.address
            call.in_dialog('BYE', ok, 2)
            pushes.expect('mid-BYE', call.id, phone)
            phone.silent(0.1)
            phone.wake()
            phone.answer(phone.expect('BYE'), 200)
            assert a.expect(200).get('cseq') == '2 BYE'
        other.silent(0.1)


def test_a_dialog_follows_a_gruu_to_another_connection():
    with on('--set', 'disable_gruu=0', '--set', 'gruu_secret=x', '--set', 'outbound_mode=on') as daemon:
        phone = Phone(daemon, proto='tcp', headers=['Supported: gruu, path, outbound'], reg_id=1)
        a, pushes = daemon.peer(), Pushes(daemon)
        gruu = gruu_of(phone.register())
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, phone)
        phone.wake()
        phone.answer(phone.expect('INVITE'), 200, headers=['Contact: <%s>' % gruu])
        ok = a.expect(200)
        call.in_dialog('ACK', ok, 1)
        phone.expect('ACK')
        for cseq, method in enumerate(('INFO', 'BYE'), 2):
            phone.close()
            until_later_flows_end(daemon)
            call.in_dialog(method, ok, cseq)
            pushes.expect('mid-' + method, call.id, phone)
            phone.connect('tcp')
            phone.wake()
            phone.answer(phone.expect(method), 200)
            assert a.expect(200).get('cseq') == '%d %s' % (cseq, method)


def purr_of(ok):
    return re.search(r'\+sip\.pnspurr="([^"]*)"', ok.get('feature-caps')).group(1)


def dialog(daemon, phone, pushes, purr=None):
    """A call from a peer to a phone that puts its PURR into its Contact."""
    a = daemon.peer()
    call = Call(a)
    pushes.expect('ini-INVITE', call.id, phone)
    ok = phone.register()
    phone.answer(phone.expect('INVITE'), 200, headers=['Contact: <sip:bob@%s;pn-purr=%s>' % (phone.address, purr or purr_of(ok))])
    answer = a.expect(200)
    call.in_dialog('ACK', answer, 1)
    # An ACK does not wait.
    phone.expect('ACK')
    return a, call, answer


def test_a_request_in_a_dialog_waits_for_the_phone_of_its_purr():
    with on('--set', 'pn_enable_purr=1', '--set', 'gruu_secret=x') as daemon:
        phone, pushes = Phone(daemon), Pushes(daemon)
        a, call, answer = dialog(daemon, phone, pushes)
        for cseq, method in enumerate(('INFO', 'UPDATE', 'BYE'), 2):
            call.in_dialog(method, answer, cseq)
            pushes.expect('mid-' + method, call.id, phone)
            phone.silent(0.1)
            phone.wake()
            got = phone.expect(method)
            assert 'pn-purr=' in got.uri and got.get('route') is None, got
            phone.answer(got, 200)
            assert a.expect(200).get('cseq') == '%d %s' % (cseq, method)


def test_the_purr_of_the_next_route_counts_too():
    with on('--set', 'pn_enable_purr=1', '--set', 'gruu_secret=x') as daemon:
        phone, pushes = Phone(daemon), Pushes(daemon)
        a, call, answer = dialog(daemon, phone, pushes, 40 * 'x')
        routes = ['Route: %s' % r for r in reversed(answer.values('record-route'))]
        routes.append('Route: <sip:%s;lr;pn-purr=%s>' % (phone.address, purr_of(phone.register())))
        a.send(a.request('INFO', 'sip:bob@192.0.2.1', CALLER, answer.get('to'), call.id, 2, routes))
        pushes.expect('mid-INFO', call.id, phone)
        phone.silent(0.1)
        phone.wake()
        info = phone.expect('INFO')
        assert info.uri == 'sip:bob@192.0.2.1' and 'pn-purr=' in info.get('route'), info
        phone.answer(info, 200)
        a.expect(200)


def test_a_reinvite_that_is_cancelled_while_it_waits():
    with on('--set', 'pn_enable_purr=1', '--set', 'gruu_secret=x') as daemon:
        phone, pushes = Phone(daemon), Pushes(daemon)
        a, call, answer = dialog(daemon, phone, pushes)
        remote = re.search('<([^>]*)>', answer.get('contact')).group(1)
        routes = ['Route: %s' % r for r in reversed(answer.values('record-route'))]
        branch = a.branch()
        a.send(a.request('INVITE', remote, CALLER, answer.get('to'), call.id, 2, routes + ['Contact: <sip:caller@%s>' % a.address],
                         branch=branch))
        pushes.expect('mid-INVITE', call.id, phone)
        a.send(a.request('CANCEL', remote, CALLER, answer.get('to'), call.id, 2, routes, branch=branch))
        assert a.expect(200).get('cseq') == '2 CANCEL'
        a.expect(487)
        phone.wake()
        phone.silent(0.2)


def test_a_dialog_goes_on_without_a_phone_that_stays_away():
    with on('--set', 'pn_enable_purr=1', '--set', 'gruu_secret=x', timeout=1) as daemon:
        phone, pushes = Phone(daemon), Pushes(daemon)
        a, call, answer = dialog(daemon, phone, pushes)
        call.in_dialog('BYE', answer, 2)
        pushes.expect('mid-BYE', call.id, phone)
        phone.answer(phone.expect('BYE'), 200)
        assert a.expect(200).get('cseq') == '2 BYE'
        # A PURR that is none of ours names nothing to wait for.
        a, call, answer = dialog(daemon, phone, pushes, 40 * 'x')
        call.in_dialog('BYE', answer, 2)
        phone.answer(phone.expect('BYE'), 200)
        assert counts(daemon) == [3, 2, 1]
        # Nor does one outside a dialog.
        request(a, 'INFO', 'sip:bob@%s;pn-purr=%s' % (phone.address, purr_of(phone.register())))
        a.expect(404)
        assert counts(daemon) == [3, 2, 1]


def test_a_caller_whose_connection_ends_while_it_waits():
    with on() as daemon:
        a, phone, pushes = daemon.peer('tcp'), Phone(daemon), Pushes(daemon)
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, phone)
        a.close()
        phone.wake()
        invite = phone.expect('INVITE')
        phone.answer(invite, 486)
        phone.expect('ACK')
        # It may have meant to cancel.
        a = daemon.peer('tcp')
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, phone)
        a.close()
        call.peer = again = daemon.peer('tcp')
        again.send(again.request('CANCEL', call.uri, CALLER, '<%s>' % call.uri, call.id, 1, branch=call.branch).replace(
            'TCP ' + again.address, 'TCP ' + a.address))
        assert again.expect(200).get('cseq') == '1 CANCEL'
        phone.wake()
        phone.silent(0.2)


def test_registrard_stops_while_requests_wait():
    with on() as daemon:
        a, b, phone, pushes = daemon.peer(), daemon.peer(), Phone(daemon), Pushes(daemon)
        call = Call(a)
        pushes.expect('ini-INVITE', call.id, phone)
        callid = request(b, 'MESSAGE')
        pushes.expect('ini-MESSAGE', callid, phone)
        daemon.process.terminate()
        a.expect(503)
        b.expect(503)
        phone.silent(0.1)
        assert daemon.process.wait(10) == 0 and daemon.output() == ''
        daemon.stop = lambda: None


def test_requests_that_wait_are_limited():
    with on('--max-calls', '3') as daemon:
        a, phone, pushes = daemon.peer(), Phone(daemon), Pushes(daemon)
        for _ in range(3):
            pushes.expect('ini-INVITE', Call(a).id, phone)
        Call(a)
        assert a.expect(503).get('retry-after')
        phone.wake()
        for _ in range(3):
            phone.expect('INVITE')
    with on('--set', 'pn_max_waits=1') as daemon:
        a, phone, pushes = daemon.peer(), Phone(daemon), Pushes(daemon)
        pushes.expect('ini-INVITE', Call(a).id, phone)
        # The phone is woken all the same, so that the next try finds it.
        pushes.expect('ini-INVITE', Call(a).id, phone)
        a.expect(480)
        phone.wake()
        phone.expect('INVITE')


def test_redirect_mode_does_not_wait():
    with on('--mode', 'redirect', '--set', 'pn_skip_pn_interval=600') as daemon:
        a, phone = daemon.peer(), Phone(daemon)
        callid = request(a, 'MESSAGE')
        moved = a.expect(302)
        assert moved.get('contact') == '<sip:bob@%s>' % phone.address, moved
    with on('--mode', 'redirect') as daemon:
        a, phone, pushes = daemon.peer(), Phone(daemon), Pushes(daemon)
        callid = request(a, 'MESSAGE')
        a.expect(480)
        pushes.expect('ini-MESSAGE', callid, phone)


if __name__ == '__main__':
    run(globals())
