# SPDX-License-Identifier: MIT
"""The example over UDP, from bytes to bytes: a registrar and redirect server on several threads, and what strangers may send to it."""
import os
import random
import re
import select
import signal
import subprocess
import time
from example import HEAD, Example, ask, listed, noise
from harness import BINARY, free_port, run


class Server(Example):
    """A server that prints where it listens, and nothing else."""

    def __init__(self, *parameters, host='127.0.0.1', port=0, threads=1, options=()):
        super().__init__(host, *options, host, str(port), str(threads), *parameters)
        line = self.process.stdout.readline().decode()
        assert line, self.process.stderr.read()
        self.port = int(re.fullmatch(r'listening on udp:.*:(\d+)\n', line).group(1))

    def said(self, output):
        assert output == '', output

    def is_asleep(self):
        """Whether none of its threads has anything to do."""
        task = '/proc/%d/task' % self.process.pid
        return all(open('%s/%s/stat' % (task, thread)).read().rsplit(')', 1)[1].split()[0] == 'S' for thread in os.listdir(task))


def test_a_phone_registers_refreshes_and_leaves():
    with Server() as server:
        peer = server.peer()
        answer = peer.register('alice', ['<sip:alice@192.0.2.1>;q=0.5;expires=600'], 'c', 1)
        assert answer.code == 200 and answer.values('contact') == ['<sip:alice@192.0.2.1>;q=0.5;expires=600'], answer
        assert answer.get('call-id') == 'c' and answer.get('cseq') == '1 REGISTER' and answer.tag('to'), answer
        assert peer.register('alice', ['<sip:alice@192.0.2.1>;expires=900'], 'c', 2).values('contact') == ['<sip:alice@192.0.2.1>;expires=900']
        assert listed(peer) == ['<sip:alice@192.0.2.1>']
        answer = ask(peer, 'INVITE', 'sip:alice@example.org')[1]
        assert answer.code == 302 and answer.values('contact') == ['<sip:alice@192.0.2.1>'], answer
        answer = peer.register('alice', ['<sip:alice@192.0.2.1>;expires=0'], 'c', 3)
        assert answer.code == 200 and not answer.values('contact')
        assert ask(peer, 'INVITE', 'sip:alice@example.org')[1].code == 404


def test_a_caller_is_told_the_targets_in_order_with_q():
    with Server() as server:
        peer = server.peer()
        peer.register('bob', ['<sip:b@192.0.2.1>;q=0.2', '<sip:b@192.0.2.2;x=y>;q=1', '<sip:b@192.0.2.3>', '<sip:b@192.0.2.4>;q=0.55'])
        for method in ('INVITE', 'OPTIONS', 'MESSAGE'):
            answer = ask(peer, method, 'sip:bob@example.org')[1]
            assert answer.code == 302, answer
            contacts = [(c.split('>')[0] + '>', float(c.split('q=')[1]) if 'q=' in c else None) for c in answer.values('contact')]
            assert [uri for uri, _ in contacts] == ['<sip:b@192.0.2.2;x=y>', '<sip:b@192.0.2.4>', '<sip:b@192.0.2.1>', '<sip:b@192.0.2.3>']
            assert [q for _, q in contacts] == [1, 0.55, 0.2, None]


def test_what_is_not_redirected():
    with Server() as server:
        peer = server.peer()
        peer.register('bob')
        assert ask(peer, 'INVITE', 'sip:nobody@example.org')[1].code == 404
        assert ask(peer, 'INVITE', 'sips:bob@example.org')[1].code == 480
        assert ask(peer, 'INVITE', 'tel:+123')[1].code == 416
        assert ask(peer, 'CANCEL', 'sip:bob@example.org')[1].code == 481
        assert ask(peer, 'OPTIONS', 'sip:%s' % peer.target)[1].code == 200
        answer = peer.register('bob', headers=['Require: x'])
        assert answer.code == 420 and answer.get('unsupported') == 'x', answer
        peer.send(peer.request('ACK', 'sip:bob@example.org', '<sip:a@h>;tag=1', '<sip:bob@example.org>', 'c', 1))
        peer.send('SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s\r\n\r\n' % peer.address)
        peer.silent()


def test_a_repeated_request_gets_the_same_reply():
    with Server() as server:
        peer = server.peer()
        texts = [peer.request('REGISTER', 'sip:example.org', '<sip:c@example.org>;tag=1', '<sip:c@example.org>', 'c', 1, ['Contact: <sip:c@h>']),
                 peer.request('INVITE', 'sip:c@example.org', '<sip:a@h>;tag=1', '<sip:c@example.org>', 'c', 1)]
        for text in texts:
            tags = set()
            for _ in range(3):
                peer.send(text)
                answer = peer.recv()
                assert answer.code in (200, 302) and len(answer.values('contact')) == 1, answer
                tags.add(answer.tag('to'))
            assert len(tags) == 1 and None not in tags


def test_a_binding_expires_by_itself():
    with Server('min_expires=1') as server:
        peer = server.peer()
        assert peer.register('alice', ['<sip:alice@192.0.2.1>;expires=1']).code == 200
        time.sleep(1.2)
        assert listed(peer) == [] and ask(peer, 'INVITE', 'sip:alice@example.org')[1].code == 404


def test_the_reply_goes_where_via_says_and_never_to_another_address():
    with Server() as server:
        here, there = server.peer(), server.peer()
        tail = '\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n'
        below = '\r\nVia: SIP/2.0/TCP 192.0.2.9;received=192.0.2.8, SIP/2.0/UDP last'
        start = 'INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP '
        here.send(start + '127.0.0.1:%d;branch=z9hG4bK1' % there.port + below + tail)
        assert there.expect(404).all('via') == ['SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK1' % there.port, below[7:]]
        here.send(start + 'host.invalid:%d;rport;branch=z9hG4bK2;received=9.9.9.9' % there.port + tail)
        assert here.expect(404).all('via') == ['SIP/2.0/UDP host.invalid:%d;branch=z9hG4bK2;received=127.0.0.1;rport=%d' % (there.port, here.port)]
        here.send(start + '192.0.2.1:%d;maddr=192.0.2.2;branch=z9hG4bK3' % there.port + tail)
        assert there.expect(404).get('via').endswith(';received=127.0.0.1')
        for port in 0, 65536, 99999:
            here.send(start + '127.0.0.1:%d;branch=z9hG4bK4' % port + tail)
        there.silent(0.2)
        assert here.register('alice').code == 200


def test_the_source_of_a_phone_is_stored_on_wish():
    for options in (), ('-r',):
        with Server('received_param=rcv', options=options) as server:
            peer = server.peer()
            contact = peer.register('alice', ['<sip:alice@192.0.2.1>']).values('contact')[0]
            assert ('rcv="sip:%s"' % peer.address in contact) == bool(options), contact


def test_ipv6():
    with Server(host='::1', threads=2, options=['-r']) as server:
        peer = server.peer()
        answer = peer.register('alice')
        assert answer.code == 200 and 'received="sip:%s"' % peer.address in answer.get('contact'), answer
        answer = ask(peer, 'INVITE', 'sip:alice@example.org')[1]
        assert answer.values('contact') == ['<sip:alice@[::1]:%d>' % peer.port] and ';received=::1;rport=%d' % peer.port in answer.get('via')


def test_many_senders_at_once_on_one_thread_and_on_two():
    """Each sender sends several requests before it reads: they come in batches, and each gets the reply of its own, in order."""
    for threads in 1, 2:
        with Server(threads=threads) as server:
            peers = [server.peer() for _ in range(50)]
            for n, peer in enumerate(peers):
                name = 'user%d' % n
                to = '<sip:%s@example.org>' % name
                for cseq in 1, 2, 3:
                    contact = 'Contact: <sip:%s@%s>;expires=%d00' % (name, peer.address, 5 + cseq)
                    peer.send(peer.request('REGISTER', 'sip:example.org', to + ';tag=1', to, name, cseq, [contact]))
                peer.send(peer.request('INVITE', 'sip:%s@example.org' % name, '<sip:caller@example.net>;tag=1', to, name, 4))
            for n, peer in enumerate(peers):
                for cseq in 1, 2, 3:
                    answer = peer.recv()
                    assert answer.code == 200 and answer.get('cseq') == '%d REGISTER' % cseq and answer.get('call-id') == 'user%d' % n, answer
                    assert answer.values('contact') == ['<sip:user%d@%s>;expires=%d00' % (n, peer.address, 5 + cseq)], answer
                answer = peer.recv()
                assert answer.code == 302 and answer.values('contact') == ['<sip:user%d@%s>' % (n, peer.address)], answer
            # Whatever thread a sender has, it finds the users of all.
            assert {ask(peers[n], 'INVITE', 'sip:user%d@example.org' % (n * 7 % 50))[1].code for n in range(50)} == {302}


def test_the_order_of_arrival_decides():
    """Also within a batch: the older of two REGISTERs that comes later is refused, and a removal leaves nothing."""
    with Server() as server:
        peer = server.peer()
        to = '<sip:alice@example.org>'
        for cseq, expires in (1, 600), (3, 600), (2, 600), (4, 0), (5, 700):
            contact = 'Contact: <sip:alice@192.0.2.1>;expires=%d' % expires
            peer.send(peer.request('REGISTER', 'sip:example.org', to + ';tag=1', to, 'c', cseq, [contact]))
        answers = [peer.recv() for _ in range(5)]
        assert [answer.code // 100 for answer in answers] == [2, 2, 4, 2, 2], answers
        assert [len(answer.values('contact')) for answer in answers] == [1, 1, 0, 0, 1], answers


def test_noise_stops_nobody():
    datagrams = noise(random.Random(8))
    with Server(threads=2) as server:
        peer = server.peer()
        assert peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5).code == 200
        strangers = [server.peer() for _ in range(4)]
        for n, data in enumerate(datagrams):
            strangers[n % 4].send(data)
            if n % 50 == 0:
                assert listed(peer) == ['<sip:alice@192.0.2.1>'], datagrams[n - 50:n + 1]
        assert listed(peer) == ['<sip:alice@192.0.2.1>'] and server.alive()


def test_replies_that_nobody_takes_neither_stop_nor_spin_it():
    """Replies to a closed port bring errors back; a sender that does not read lets them pile up."""
    with Server(threads=2) as server:
        tail = ';branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n'
        closed = 'INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d' % free_port()
        deaf = server.peer()
        for n in range(2000):
            deaf.send(closed + tail)
            deaf.send('INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d' % deaf.port + tail)
        deaf.close()
        peer = server.peer()
        assert peer.register('alice').code == 200
        while select.select([peer.sock], [], [], 0.1)[0]:
            peer.sock.recv(65536)
        end = time.monotonic() + 20
        while not all(server.is_asleep() for _ in range(100)):
            assert time.monotonic() < end, 'it spins'
        assert peer.register('alice').code == 200


def test_it_ends_in_the_middle_of_a_storm():
    with Server(threads=2) as server:
        storm = [server.peer() for _ in range(8)]
        text = '\r\n'.join(HEAD) + '\r\n\r\n'
        for n in range(4000):
            storm[n % 8].send(text)
        server.process.send_signal(signal.SIGTERM)
        for n in range(4000):
            storm[n % 8].send(text)


def test_two_servers_do_not_share_a_port():
    with Server(threads=2) as server:
        for threads in '1', '2':
            done = subprocess.run([BINARY, '127.0.0.1', str(server.port), threads], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
            assert done.returncode == 1 and b'in use' in done.stderr and not done.stdout, done


def test_a_wrong_command_line_is_refused():
    here = ('127.0.0.1', '0')
    for args in (), here[:1], ('-r', *here[:1]), ('localhost', '0'), ('127.0.0.1', 'x'), ('192.0.2.1', '0'), (*here, '0'), (*here, '65'), \
            (*here, 'x'), (*here, '1', 'nosuch=1'), (*here, '1', 'min_expires=x'), (*here, '1', 'min_expires'):
        done = subprocess.run([BINARY, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
        assert done.returncode == 1 and done.stderr and not done.stdout, (args, done)


run(globals())
