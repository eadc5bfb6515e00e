# SPDX-License-Identifier: MIT
"""Requests in a dialog reach a phone that a push woke (RFC 8599 §6), wherever it comes back."""
import re
from call import CALLER, Call, contact
from harness import run
from push import Phone, Pushes, counts, on, purr_of

PURR = ('--set', 'pn_enable_purr=1', '--set', 'gruu_secret=x', '--set', 'received_avp=$avp(rcv)')
OUTBOUND = ('--set', 'outbound_mode=on')


class Talk:
    """A call between a peer and a phone on TCP, which has its PURR in its Contact."""

    def __init__(self, daemon, phone, pushes, is_caller):
        self.daemon, self.phone, self.cseq = daemon, phone, 1
        self.peer = daemon.peer()
        ok = phone.register()
        where = '<sip:bob@%s;transport=tcp;pn-purr=%s>' % (phone.address, purr_of(ok))
        if is_caller:
            self.peer.register('alice')
            call = Call(phone.peer, 'sip:alice@example.org', contact=where[1:-1], caller='<sip:bob@example.org>;tag=caller')
            invite = self.peer.expect('INVITE')
            self.peer.answer(invite, 200, headers=contact(self.peer))
            call.in_dialog('ACK', phone.expect(200), 1)
            ack = self.peer.expect('ACK')
            self.id, self.local, self.remote, self.target = call.id, ack.get('to'), ack.get('from'), invite.get('contact')
            self.routes = invite.values('record-route')
        else:
            call = Call(self.peer)
            pushes.expect('ini-INVITE', call.id, phone)
            phone.wake()
            phone.answer(phone.expect('INVITE'), 200, headers=['Contact: ' + where])
            ok = self.peer.expect(200)
            call.in_dialog('ACK', ok, 1)
            phone.expect('ACK')
            self.id, self.local, self.remote, self.target = call.id, CALLER, ok.get('to'), ok.get('contact')
            self.routes = list(reversed(ok.values('record-route')))

    def send(self, method):
        self.cseq += method != 'ACK'
        headers = ['Route: %s' % r for r in self.routes]
        if method == 'INVITE':
            headers += contact(self.peer)
        uri = re.search('<([^>]*)>', self.target).group(1)
        self.peer.send(self.peer.request(method, uri, self.local, self.remote, self.id, self.cseq, headers))


def both_ways(test):
    """For a phone that called and one that was called, without and with a flow that its binding depends on."""
    for is_caller in (False, True):
        for args, headers, params in (((), (), {}), (OUTBOUND, ('Supported: path, outbound',), {'reg_id': 1})):
            with on(*PURR, *args) as daemon:
                phone, pushes = Phone(daemon, proto='tcp', headers=headers, **params), Pushes(daemon)
                test(daemon, phone, pushes, Talk(daemon, phone, pushes, is_caller))


def test_a_phone_that_comes_back_on_another_connection():
    def test(daemon, phone, pushes, talk):
        phone.close()
        talk.send('INVITE')
        pushes.expect('mid-INVITE', talk.id, phone)
        phone.connect('tcp')
        phone.wake()
        again = phone.expect('INVITE')
        assert '<%s>' % again.uri == talk.target and again.get('route') is None, again
        # The ACK wakes nobody, and goes where its 2xx came from.
        phone.answer(again, 200, headers=['Contact: ' + talk.target])
        assert talk.peer.expect(200).get('cseq') == '%d INVITE' % talk.cseq
        talk.send('ACK')
        assert phone.expect('ACK').uri == again.uri
        phone.close()
        talk.send('BYE')
        pushes.expect('mid-BYE', talk.id, phone)
        phone.connect('tcp')
        phone.wake()
        bye = phone.expect('BYE')
        assert '<%s>' % bye.uri == talk.target, bye
        phone.answer(bye, 200)
        assert talk.peer.expect(200).get('cseq') == '%d BYE' % talk.cseq
        sent, answered, _ = counts(daemon)
        assert sent == answered, (sent, answered)
    both_ways(test)


def test_a_phone_that_is_awake_on_another_connection():
    with on(*PURR, '--set', 'pn_skip_pn_interval=600') as daemon:
        phone = Phone(daemon, proto='tcp')
        talk = Talk(daemon, phone, None, True)
        phone.close()
        phone.connect('tcp')
        phone.wake()
        talk.send('BYE')
        phone.answer(phone.expect('BYE'), 200)
        talk.peer.expect(200)
        assert counts(daemon) == [0, 0, 0]


def test_a_phone_that_comes_back_behind_an_edge_proxy():
    with on(*PURR, '--save', 'path-strict') as daemon:
        phone, pushes = Phone(daemon), Pushes(daemon)
        edge = daemon.peer()
        talk = Talk(daemon, phone, pushes, True)
        phone.headers = ['Supported: path', 'Path: <sip:%s;lr>' % edge.address]
        talk.send('BYE')
        pushes.expect('mid-BYE', talk.id, phone)
        phone.wake()
        bye = edge.expect('BYE')
        assert bye.get('route') == '<sip:%s;lr>' % edge.address and '<%s>' % bye.uri == talk.target, bye
        edge.answer(bye, 200)
        talk.peer.expect(200)


if __name__ == '__main__':
    run(globals())
