# SPDX-License-Identifier: MIT
"""GRUUs (RFC 5627): what a phone gets, who is reached by it, in a dialog and through a Path too."""
import re
from call import CALLER, Call
from harness import Daemon, run

ON = ('--set', 'disable_gruu=0', '--set', 'gruu_secret=first,second')
DESK, CAR = ('urn:uuid:%08x-0000-4000-8000-000000000000' % n for n in (1, 2))


def contact(peer, instance, user='alice'):
    return '<sip:%s@%s>;+sip.instance="<%s>"' % (user, peer.address, instance)


def register(peer, instance, aor='alice', callid=None, cseq=1, headers=(), expires=None):
    """Registers a phone. Its GRUUs, the public and the temporary one."""
    value = contact(peer, instance, aor) + (';expires=%d' % expires if expires is not None else '')
    ok = peer.register(aor, [value], callid, cseq, ['Supported: gruu, path'] + list(headers))
    assert ok.code == 200, ok
    own = [v for v in ok.values('contact') if instance in v and peer.address in v]
    return [re.search(';%s="([^"]*)"' % name, own[0]).group(1) for name in ('pub-gruu', 'temp-gruu')] if own else None


def refused(peer, uri, code):
    call = Call(peer, uri)
    answer = peer.expect(code)
    call.ack_refusal(answer)


def test_a_phone_gets_a_public_and_a_temporary_one():
    with Daemon(*ON) as daemon:
        phone = daemon.peer()
        public, temporary = register(phone, DESK)
        assert public == 'sip:alice@example.org;gr=' + DESK
        assert re.fullmatch(r'sip:[-\w]{100,}@example\.org;gr', temporary) and 'alice' not in temporary
        ok = phone.register('alice', (), headers=['Supported: gruu'])
        assert 'temp-gruu' in ok.get('contact') and temporary not in ok.get('contact')
        ok = phone.register('alice', ())
        assert 'gruu' not in repr(ok)
        ok = phone.register('alice', [contact(phone, DESK)], headers=['Require: gruu'])
        assert ok.code == 200 and 'temp-gruu' in ok.get('contact') and ok.get('require') is None
    with Daemon() as daemon:
        phone = daemon.peer()
        assert 'gruu' not in repr(phone.register('alice', [contact(phone, DESK)], headers=['Supported: gruu']))
        refusal = phone.register('alice', [contact(phone, DESK)], headers=['Require: gruu'])
        assert refusal.code == 420 and refusal.get('unsupported') == 'gruu'


def test_a_call_reaches_one_phone_of_several():
    with Daemon(*ON) as daemon:
        a, desk, car = daemon.peer(), daemon.peer(), daemon.peer()
        for gruu in register(desk, DESK):
            register(car, CAR)
            call = Call(a, gruu)
            invite = desk.expect('INVITE')
            assert invite.uri == 'sip:alice@' + desk.address, invite
            car.silent(0.2)
            desk.answer(invite, 486)
            call.ack_refusal(a.expect(486))
            desk.expect('ACK')


def test_requests_in_a_dialog_to_the_gruus_of_both_sides():
    with Daemon(*ON) as daemon:
        a, b, other = daemon.peer(), daemon.peer(), daemon.peer()
        for which in (0, 1):
            caller, callee = register(a, CAR, 'carol')[which], register(b, DESK, 'bob')[which]
            register(other, DESK, 'alice')
            call = Call(a, 'sip:bob@example.org', contact=caller)
            invite = b.expect('INVITE')
            assert caller in invite.get('contact')
            b.answer(invite, 200, headers=['Contact: <%s>' % callee])
            ok = a.expect(200)
            call.in_dialog('ACK', ok, 1)
            ack = b.expect('ACK')
            assert ack.uri == 'sip:bob@' + b.address and ack.get('route') is None, ack
            routes = ['Route: ' + r for r in invite.values('record-route')]
            b.send(b.request('INFO', caller, ok.get('to'), CALLER, call.id, 1, routes))
            info = a.expect('INFO')
            assert info.uri == 'sip:carol@' + a.address, info
            a.answer(info, 200)
            b.expect(200)
            # The phone moves: the dialog goes on where it is.
            moved = daemon.peer()
            callid = 'move-%d' % which
            register(moved, DESK, 'bob', callid)
            register(b, DESK, 'bob', callid, 2, expires=0)
            call.in_dialog('BYE', ok, 2)
            bye = moved.expect('BYE')
            assert bye.uri == 'sip:bob@' + moved.address, bye
            moved.answer(bye, 200)
            a.expect(200)
            register(moved, DESK, 'bob', callid, 3, expires=0)


def test_a_foreign_gruu_in_a_dialog_goes_the_way_of_the_dialog():
    with Daemon(*ON) as daemon:
        a, b = daemon.peer(), daemon.peer()
        register(b, DESK, 'bob')
        for foreign in ('sip:caller@example.net;gr=' + CAR, 'sip:token@example.net;gr', 'sip:%s@example.net;gr=%s' % (100 * 'c', CAR)):
            call = Call(a, contact=foreign)
            invite = b.expect('INVITE')
            b.answer(invite, 200, headers=['Contact: <sip:bob@%s>' % b.address])
            ok = a.expect(200)
            call.in_dialog('ACK', ok, 1)
            b.expect('ACK')
            b.send(b.request('BYE', foreign, ok.get('to'), CALLER, call.id, 1, ['Route: ' + r for r in invite.values('record-route')]))
            bye = a.expect('BYE')
            assert bye.uri == foreign
            a.answer(bye, 200)
            b.expect(200)


def test_through_a_path():
    """The edge proxy is in the Path, and in the Route of the dialog: a request passes it once."""
    with Daemon(*ON, '--save', 'path-lazy') as daemon:
        a, edge = daemon.peer(), daemon.peer()
        path = '<sip:%s;lr>' % edge.address
        for gruu in register(edge, DESK, 'bob', headers=['Path: ' + path]):
            call = Call(a, gruu)
            invite = edge.expect('INVITE')
            assert invite.uri == 'sip:bob@' + edge.address and invite.values('route') == [path], invite
            edge.answer(invite, 200, headers=['Contact: <%s>' % gruu])
            ok = a.expect(200)
            remote = re.search('<([^>]*)>', ok.get('contact')).group(1)
            ours = ['Route: ' + r for r in reversed(ok.values('record-route'))]
            for method, cseq in ('ACK', 1), ('INFO', 2):
                a.send(a.request(method, remote, CALLER, ok.get('to'), call.id, cseq, ours + ['Route: ' + path]))
                request = edge.expect(method)
                assert request.uri == 'sip:bob@' + edge.address and request.values('route') == [path], request
            edge.answer(request, 200)
            a.expect(200)


def test_that_names_nobody():
    with Daemon(*ON) as daemon:
        a, b, other = daemon.peer(), daemon.peer(), daemon.peer()
        public, temporary = register(b, DESK, 'bob', 'c1')
        register(other, CAR, 'alice', 'c2')
        token = temporary[4:temporary.index('@')]
        for wrong in ('sip:%s@example.org;gr' % (token[:9] + ('A' if token[9] != 'A' else 'B') + token[10:]),
                      'sip:%s@example.org;gr' % token[:-1], 'sip:%s@example.net;gr' % token, 'sip:bob@example.org;gr'):
            refused(a, wrong, 404)
        refused(a, 'sip:bob@example.org;gr=' + CAR, 480)
        refused(a, 'sip:nobody@example.org;gr=' + CAR, 404)
        register(b, DESK, 'bob', 'another')
        refused(a, temporary, 404)
        register(b, DESK, 'bob', 'another', 2, expires=0)
        refused(a, public, 480)
        b.silent(0.1)
        other.silent(0.1)


def test_as_a_Contact_is_refused():
    with Daemon(*ON) as daemon:
        b, mallory = daemon.peer(), daemon.peer()
        for gruu in register(b, DESK, 'bob'):
            for aor in ('bob', 'mallory'):
                assert mallory.register(aor, ['<%s>' % gruu]).code == 403


run(globals())
