# SPDX-License-Identifier: MIT
"""The example over UDP, from bytes to bytes: a registrar and redirect server on several threads, and what strangers may send to it."""
import os
import random
import re
import select
import signal
import subprocess
import time
from harness import BINARY, Peer, Skip, free_port, has_address, run


class Server:
    """The example on a port of its own. Stopped by a signal, after which it must have ended well, soon and without a complaint."""

    def __init__(self, *parameters, host='127.0.0.1', port=0, threads=1, options=()):
        if not has_address(host):
            raise Skip('this machine has no %s' % host)
        self.host, self.peers = host, []
        self.process = subprocess.Popen([BINARY, *options, host, str(port), str(threads), *parameters], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = self.process.stdout.readline().decode()
        assert said, self.process.stderr.read()
        self.port = int(re.fullmatch(r'listening on udp:.*:(\d+)\n', said).group(1))

    def peer(self, **kw):
        self.peers.append(Peer(self.port, host=self.host, **kw))
        return self.peers[-1]

    def alive(self):
        return self.process.poll() is None

    def is_asleep(self):
        """Whether none of its threads has anything to do."""
        task = '/proc/%d/task' % self.process.pid
        return all(open('%s/%s/stat' % (task, thread)).read().rsplit(')', 1)[1].split()[0] == 'S' for thread in os.listdir(task))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for peer in self.peers:
            peer.close()
        self.process.send_signal(signal.SIGTERM)  # a test may have sent one
        output, errors = (text.decode('latin-1') for text in self.process.communicate(timeout=10))
        if kind is None:
            assert self.process.returncode == 0 and output == errors == '', (self.process.returncode, output, errors)
        elif errors:
            print(errors)


def ask(peer, method, uri, cseq=1, headers=(), branch=None, to=None):
    """Sends a request and returns its octets and the answer."""
    data = peer.request(method, uri, '<sip:caller@example.net>;tag=1', to or '<%s>' % uri, 'call-1', cseq, headers, branch=branch)
    peer.send(data)
    return data, peer.recv()


def listed(peer, aor='alice'):
    answer = peer.register(aor, ())
    assert answer.code == 200, answer
    return sorted(c.split(';')[0] for c in answer.values('contact'))


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
                    peer.send(peer.request('REGISTER', 'sip:example.org', to + ';tag=1', to, name, cseq, ['Contact: <sip:%s@%s>;expires=%d00' % (name, peer.address, 5 + cseq)]))
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
            peer.send(peer.request('REGISTER', 'sip:example.org', to + ';tag=1', to, 'c', cseq, ['Contact: <sip:alice@192.0.2.1>;expires=%d' % expires]))
        answers = [peer.recv() for _ in range(5)]
        assert [answer.code // 100 for answer in answers] == [2, 2, 4, 2, 2], answers
        assert [len(answer.values('contact')) for answer in answers] == [1, 1, 0, 0, 1], answers


HEAD = ['REGISTER sip:example.org SIP/2.0', 'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport', 'From: <sip:alice@example.org>;tag=1',
        'To: <sip:alice@example.org>', 'Call-ID: x', 'CSeq: 9 REGISTER', 'Contact: <sip:a@192.0.2.66>', 'Content-Length: 0']


def noise_of(draw):
    whole = '\r\n'.join(HEAD).replace('sip:alice@example.org', 'sip:mallory@example.org').encode() + b'\r\n\r\n'
    noise = [b'', b'\r\n', b'\r\n\r\n', b'\r', b'\0' * 1400, b'\xff' * 65507, b'\r\n' * 32000, b'a:b\r\n' * 13000, b':' * 65000 + b'\r\n\r\n']
    noise += [whole[:-2] + b'X: ' + b'x' * 60000 + b'\r\n\r\n', whole[:-2] + b'v:' * 30000 + b'\r\n\r\n',
              whole[:-2] + b'm: <sip:a@h>\r\n' * 4000 + b'\r\n', b'REGISTER ', b'REGISTER \nTo', b'REGISTER \nT', b'INVITE ', b'INVITE  ']
    noise += [whole.replace(b'Call-ID: x', b'Call-ID: ' + b'x' * 65000), whole.replace(b';rport', b';rport;x=' + b'y' * 65200)]
    noise += [whole[:n] for n in range(len(whole))]
    for _ in range(1500):
        bad = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(bad))
            bad[at:at + draw.choice((0, 1, 1, 9))] = bytes(draw.choice(b'\r\n\t :;,<>"@%\0\xffv=0z') for _ in range(draw.choice((0, 1, 1, 1, 40))))
        noise.append(bytes(bad))
    return noise


def test_noise_stops_nobody():
    noise = noise_of(random.Random(8))
    with Server(threads=2) as server:
        peer = server.peer()
        assert peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5).code == 200
        strangers = [server.peer() for _ in range(4)]
        for n, data in enumerate(noise):
            strangers[n % 4].send(data)
            if n % 50 == 0:
                assert listed(peer) == ['<sip:alice@192.0.2.1>'], noise[n - 50:n + 1]
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
    for args in (), here[:1], ('-r', *here[:1]), ('localhost', '0'), ('127.0.0.1', 'x'), ('192.0.2.1', '0'), (*here, '0'), (*here, '65'), (*here, 'x'), \
            (*here, '1', 'nosuch=1'), (*here, '1', 'min_expires=x'), (*here, '1', 'min_expires'):
        done = subprocess.run([BINARY, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
        assert done.returncode == 1 and done.stderr and not done.stdout, (args, done)


run(globals())
