# SPDX-License-Identifier: MIT
"""Redirect mode: 302 with the targets in order, and the refusals."""
from harness import Daemon, run


def ask(peer, method, uri, cseq=1, headers=(), callid=None):
    peer.send(peer.request(method, uri, '<sip:caller@example.net>;tag=1', '<%s>' % uri, callid or 'redirect-%s-%d' % (method, cseq), cseq,
            headers))
    return peer.recv()


def test_targets_are_told_in_order_with_q():
    for proto in ('udp', 'tcp'):
        with Daemon('--mode', 'redirect') as daemon:
            peer = daemon.peer(proto)
            peer.register('bob', ['<sip:b@192.0.2.1>;q=0.2', '<sip:b@192.0.2.2;x=y>;q=1', '<sip:b@192.0.2.3>', '<sip:b@192.0.2.4>;q=0.55'])
            for cseq, method in enumerate(('INVITE', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE'), 1):
                answer = ask(peer, method, 'sip:bob@example.org', cseq)
                assert answer.code == 302, answer
                contacts = answer.values('contact')
                assert [c.split('>')[0] + '>' for c in contacts] == ['<sip:b@192.0.2.2;x=y>', '<sip:b@192.0.2.4>', '<sip:b@192.0.2.1>',
                        '<sip:b@192.0.2.3>']
                assert [float(c.split('q=')[1]) if 'q=' in c else None for c in contacts] == [1, 0.55, 0.2, None]
                if method == 'INVITE':
                    peer.send(peer.request('ACK', 'sip:bob@example.org', '<sip:caller@example.net>;tag=1', answer.get('to'),
                            'redirect-INVITE-1', 1,
                                           branch=answer.get('via').split('branch=')[1].split(';')[0]))
                    peer.silent(1.2)


def test_a_repeated_request_gets_the_same_answer():
    for mode in ('redirect', 'proxy'):
        with Daemon('--mode', mode) as daemon:
            peer = daemon.peer()
            for user in ('bob', 'nobody'):
                if mode == 'redirect':
                    peer.register(user, ['<sip:%s@192.0.2.1>' % user])
                # In proxy mode a refusal that needs no look-up has no transaction either.
                uri = ('tel:%s' if mode == 'proxy' else 'sip:%s@example.org') % user
                text = peer.request('INVITE', uri, '<sip:caller@example.net>;tag=1', '<%s>' % uri, 'again-' + user, 1)
                answers = []
                for _ in range(3):
                    peer.send(text)
                    answers.append(peer.recv())
                assert {answer.code for answer in answers} == {302 if mode == 'redirect' else 416}, answers
                assert len({answer.tag('to') for answer in answers}) == 1
                branch = answers[0].get('via').split('branch=')[1].split(';')[0]
                peer.send(peer.request('ACK', uri, '<sip:caller@example.net>;tag=1', answers[0].get('to'), 'again-' + user, 1, branch=branch))
                # It keeps no transaction, so it repeats nothing.
                peer.silent(0.7)
                other = peer.request('INVITE', uri, '<sip:caller@example.net>;tag=1', '<%s>' % uri, 'again-' + user, 1)
                peer.send(other)
                assert peer.recv().tag('to') != answers[0].tag('to')


def test_nobody_and_nothing():
    with Daemon('--mode', 'redirect') as daemon:
        peer = daemon.peer()
        assert ask(peer, 'INVITE', 'sip:nobody@example.org').code == 404
        peer.register('bob')
        assert ask(peer, 'INVITE', 'sip:bob@example.org', 2).code == 302
        assert ask(peer, 'INVITE', 'sips:bob@example.org', 3).code == 480
        assert ask(peer, 'OPTIONS', 'sip:' + daemon.address, 4).code == 200
        assert ask(peer, 'MESSAGE', 'sip:' + daemon.address, 5).code == 404
        assert ask(peer, 'INVITE', 'tel:+123', 6).code == 416
        assert ask(peer, 'CANCEL', 'sip:bob@example.org', 7).code == 481


def test_what_follows_user_and_host_may_be_malformed():
    with Daemon('--mode', 'redirect') as daemon:
        peer = daemon.peer()
        peer.register('bob')
        for cseq, rest in enumerate((';', ';transport=udp;transport=udp', ';foo=', ':0', ';;x'), 1):
            assert ask(peer, 'MESSAGE', 'sip:bob@example.org' + rest, cseq).code == 302, rest
            assert ask(peer, 'MESSAGE', 'sip:nobody@example.org' + rest, 10 + cseq).code == 404, rest
        for cseq, uri in enumerate(('sip:bob@b@example.org', 'sip:bob@exam$ple.org', 'sip:bob@192.0.2.256'), 20):
            assert ask(peer, 'MESSAGE', uri, cseq).code == 400, uri


run(globals())
