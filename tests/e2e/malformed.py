# SPDX-License-Identifier: MIT
"""What strangers send: it is answered or ignored, nothing dies, and what was registered stays as it was."""
import os
import random
import time
from harness import Daemon, Message, run

VIA = 'Via: SIP/2.0/{proto} {address};branch=z9hG4bKm{n};rport'
REGISTER = [
    'REGISTER sip:example.org SIP/2.0', VIA, 'From: <sip:alice@example.org>;tag=1', 'To: <sip:alice@example.org>', 'Call-ID: m{n}',
    'CSeq: 9 REGISTER',
    'Max-Forwards: 70', 'Contact: <sip:a@192.0.2.66>', 'Content-Length: 0']


def replaced(name, *lines):
    """A REGISTER with other lines for one header; none drops it."""
    out = []
    for line in REGISTER:
        if line.lower().startswith(name.lower() + ':'):
            out += lines
        else:
            out.append(line)
    return out


def added(*lines):
    return REGISTER[:-1] + list(lines) + REGISTER[-1:]


# Messages that must be refused with a 4xx or 5xx, or not at all be answered.
REFUSED = [replaced('Contact', 'Contact: ' + c) for c in (
    '%', '<sip:>', '<sip:a@192.0.2.66', '"unclosed <sip:a@192.0.2.66>', '<sip:a@192.0.2.66>expires=5', '<sip:a@192.0.2.66>;expires=-1',
    '<sip:a@192.0.2.66>;expires="7"', '<sip:a@192.0.2.66>;expires=abc', '<sip:a@192.0.2.66>;q=2.5', '<sip:a@192.0.2.66>;q=-1',
    '<sip:a@192.0.2.66>;q=0.1234',
    '<sip:a@192.0.2.66:99999>', '<sip:a@192.0.2.66:0>', '<sip:a@b@192.0.2.66>', '<sip:a%zz@192.0.2.66>', '*', '*;expires=0',
    '*, <sip:a@192.0.2.66>',
    '<sip:a@192.0.2.66>, %', 'sip:a@192.0.2.66, <sip:>', '<sip:a@[::1>', '<sip:a@192.0.2.66\x01>', '<>', ',',
    '<sip:a@192.0.2.66;transport=>;;',
    '<sip:alice@example.org>', '<sips:a@192.0.2.66>', '<sip:' + 'a' * 300 + '@192.0.2.66>')] + [
    replaced('To', 'To: ' + t) for t in (
        '', '<sip:>', '<tel:+123>', '<http://example.org>', '<sip:al%00ice@example.org>', '<sip:alice%0d%0a@example.org>',
        '<sip:%zz@example.org>', 'x', '<',
        '<sip:' + 'a' * 70 + '@example.org>', '<sip:alice@' + 'a' * 70 + '.org>')] + [
    replaced('CSeq', 'CSeq: ' + c) for c in ('', '9', 'x REGISTER', '-1 REGISTER', '9 INVITE', '99999999999 REGISTER',
    '2147483648 REGISTER')] + [
    replaced('To'), replaced('From'), replaced('Call-ID'), replaced('CSeq'), replaced('From', 'From: %'), replaced('Call-ID', 'Call-ID: '),
    replaced('Call-ID', 'Call-ID: ' + 'x' * 300),
    added('Expires: -1'), added('Expires: abc'), added('Expires: "7"'), added('Expires: '), added('Expires: Sat, 01 Jan 2000 00:00:00 GMT'),
    added('Require: nosuchthing'), replaced('Contact', *['Contact: <sip:a@192.0.2.66;x=%d>' % i for i in range(40)]),
    replaced('Contact', 'Contact: ' + ', '.join('<sip:a@192.0.2.66;x=%d>' % i for i in range(40))),
    replaced('Contact', 'Contact: <sip:a@192.0.2.66>' + ';p' * 100),
    replaced('Contact', 'Contact: *', 'Contact: *', 'Expires: 0'),
    ['REGISTER sip:example.org SIP/3.0'] + REGISTER[1:],
    ['REGISTER  SIP/2.0'] + REGISTER[1:],
    ['REGISTER sip:example.org'] + REGISTER[1:],
    ['INVITE sip:%@@ SIP/2.0'] + replaced('CSeq', 'CSeq: 9 INVITE')[1:],
    ['INVITE sip: SIP/2.0'] + replaced('CSeq', 'CSeq: 9 INVITE')[1:],
    ['INVITE <sip:alice@example.org> SIP/2.0'] + replaced('CSeq', 'CSeq: 9 INVITE')[1:],
    ['INVITE sip:no%00body@example.org SIP/2.0'] + replaced('CSeq', 'CSeq: 9 INVITE')[1:],
]

# What is not a message at all, or none that can be answered.
NOISE = [
    b'', b'\r\n\r\n', b'\0' * 100, b'\xff' * 1400, b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'SIP/2.0 200 OK\r\n\r\n',
    b'SIP/2.0 999 \r\n\r\n', b'REGISTER\r\n\r\n',
    b'REGISTER sip:example.org SIP/2.0\r\n\r\n', b'REGISTER sip:example.org SIP/2.0\r\nVia: x\r\n\r\n', b'A' * 1400, b'\r\n' * 700,
    b'REGISTER sip:example.org SIP/2.0\r\n' + b'a:b\r\n' * 250 + b'\r\n',
    b'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n',
    b'ACK sip:a SIP/2.0\r\n\r\n', b'CANCEL sip:alice@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n\r\n']


def render(lines, peer, n):
    return '\r\n'.join(lines).replace('{proto}', peer.proto.upper()).replace('{address}', peer.address).replace('{n}', str(n)) + '\r\n\r\n'


def settled(daemon):
    """What is registered, without what time alone changes."""
    rows = daemon.control('dump')['aors']
    for row in rows:
        for contact in row['contacts']:
            del contact['expires']
    return rows


def test_malformed_messages_change_nothing():
    for proto in ('udp', 'tcp'):
        with Daemon() as daemon:
            peer = daemon.peer(proto)
            assert peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5).code == 200
            before = settled(daemon)
            for n, lines in enumerate(REFUSED):
                with_peer = daemon.peer(proto)
                with_peer.send(render(lines, with_peer, n))
                # Only where the start line says nothing is nobody told.
                sound = lines[0] == REGISTER[0]
                answer = with_peer.recv(3 if sound else 0.2)
                assert 400 <= answer.code < 600 if answer else not sound, (lines, answer)
                assert daemon.alive(), lines
                with_peer.close()
            assert settled(daemon) == before
            assert peer.register('alice', (), 'q', 1).code == 200


def test_noise_changes_nothing():
    for proto in ('udp', 'tcp'):
        with Daemon() as daemon:
            peer = daemon.peer(proto)
            peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5)
            before = settled(daemon)
            for noise in NOISE:
                other = daemon.peer(proto)
                other.send(noise)
                other.raw(0.05)
                other.close()
                assert daemon.alive(), noise
            assert settled(daemon) == before
            assert peer.register('alice', (), 'q', 1).code == 200


def test_a_message_cut_at_every_byte():
    with Daemon() as daemon:
        peer = daemon.peer()
        peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5)
        before = settled(daemon)
        text = render(REGISTER, peer, 1)
        # Without its last lines it is still a REGISTER with a good Contact: what is cut has to end before that.
        for n in range(text.index('Contact:')):
            peer.send(text[:n])
        assert peer.register('carol', ['<sip:c@192.0.2.1>'], send_only=True) is None
        while peer.raw(0.5):
            pass
        after = [row for row in settled(daemon) if row['aor'] != 'carol@example.org']
        assert after == before, after


def changed(text, chance):
    data = bytearray(text.encode('latin-1'))
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def request(method, n):
    return ['%s sip:alice@example.org SIP/2.0' % method] + replaced('CSeq', 'CSeq: %d %s' % (n, method))[1:]


def test_bytes_changed_at_random():
    chance = random.Random(int(os.environ.get('SEED', 20240607)))
    with Daemon() as daemon:
        peer, phone = daemon.peer(), daemon.peer()
        phone.register('alice')
        for i in range(int(os.environ.get('ROUNDS', 1000))):
            lines = (REGISTER, request('INVITE', i), request('OPTIONS', i), request('CANCEL', max(0, i - 2)), request('ACK', i))[i % 5]
            peer.send(changed(render(lines, peer, i - i % 5), chance))
            # What gets through to the phone is answered, as wrongly.
            data = phone.raw(0.002)
            if data:
                got = Message.parse(data)
                answer = ['SIP/2.0 %d X' % chance.choice((100, 180, 200, 302, 401, 486, 603))]
                answer += ['%s: %s' % h for h in got.headers if h[0] in ('via', 'from', 'to', 'call-id', 'cseq', 'record-route')]
                text = '\r\n'.join(answer + ['Content-Length: 0', '', ''])
                phone.send(changed(text, chance) if i % 3 else text)
            assert daemon.alive(), 'round %d' % i
        assert 'aors' in daemon.control('dump')
        assert peer.register('carol', send_only=True) is None
        while peer.raw(0.3):
            pass
        assert len(daemon.control.show('carol@example.org')) == 1


def test_a_huge_message_is_refused_at_once():
    with Daemon() as daemon:
        for lines in (replaced('Contact', *['m:<sip:a>'] * 16000), added('X: ' + 'x' * 200000),
                replaced('Contact', 'm:' + ','.join(['*'] * 60000))):
            peer = daemon.peer('tcp')
            try:
                peer.send(render(lines, peer, 1))
                answer = peer.recv(5)
            except OSError:
                answer = None
            assert answer is None or answer.code in (400, 413), answer
            other = daemon.peer()
            assert other.register('alice', (), None, 1).code == 200
        udp = daemon.peer()
        udp.send(render(replaced('Contact', *['m:<sip:a>'] * 5000), udp, 1))
        udp.expect(413)
        assert settled(daemon) == []


def test_a_register_without_what_an_answer_copies_is_refused_with_a_reason():
    for proto in ('udp', 'tcp'):
        with Daemon() as daemon:
            peer = daemon.peer(proto)
            assert peer.register('alice', ['<sip:alice@192.0.2.1>'], 'good', 5).code == 200
            before, counted = settled(daemon), daemon.control('stats')['rejected_regs']
            cases = [replaced(name, *lines) for name in ('To', 'From', 'Call-ID', 'CSeq') for lines in ((), (name + ':',), (name + ': @@%zz',))]
            cases += [replaced('CSeq', 'CSeq: ' + value) for value in ('9 INVITE', '-1 REGISTER', '4294967296 REGISTER', 'x')]
            cases += [replaced('To', 'To: <sip:a%2zb@example.org>'), replaced('To', 'X: y', 'To: <sip:alice@example.org>;tag="')]
            cases.append([line for line in REGISTER if line.split(':')[0] not in ('To', 'From', 'Call-ID', 'CSeq')])
            cases += [replaced('To', *['To: <sip:alice@example.org>'] * 2)[:-1] + ['CSeq: 10 REGISTER'] * 2 + ['Content-Length: 0']]
            cases += [replaced(name, 'Expires: 5', 'Expires: 6', 'Max-Forwards: 5') for name in ('To', 'From', 'Call-ID', 'CSeq')]
            for n, lines in enumerate(cases):
                # The connection stays: what one message lacks says nothing of the next.
                peer.send(render(lines, peer, 'reason-%d' % n))
                answer = peer.recv()
                assert answer and answer.code == 400 and answer.get('p-registrar-error') and answer.get('via'), (lines, answer)
                for name in ('to', 'from', 'call-id', 'cseq'):
                    assert 'invalid' not in (answer.get(name) or ''), answer
            assert daemon.control('stats')['rejected_regs'] == counted + len(cases)
            assert settled(daemon) == before
            assert peer.register('alice', (), 'q', 1).code == 200


def test_every_refusal_says_where_the_request_came_from():
    with Daemon() as daemon:
        for proto in ('udp', 'tcp'):
            for method in ('REGISTER', 'OPTIONS'):
                # Another version; a frame without an end.
                for change in (('SIP/2.0\r\n', 'SIP/3.0\r\n'), ('Content-Length: 0', 'Content-Length: x')):
                    peer = daemon.peer(proto)
                    peer.send(peer.request(method, 'sip:example.org', '<sip:a@h>;tag=1', '<sip:a@h>', 'where', 1).replace(*change, 1))
                    via = peer.recv().get('via')
                    assert ';received=127.0.0.1' in via and ';rport=%d' % peer.port in via, (proto, method, change, via)


def test_lines_and_items_are_counted_before_they_cost():
    """Each of these took Sofia half a second."""
    many = {'lines': ['m:<sip:a>'] * 5000, 'unknown': ['x:'] * 10000, 'items': ['Call-Info: ' + '<a:>,' * 10000], 'commas': ['Allow: ' + ',' * 50000],
            'parameters': ['Contact: <sip:a>' + ';a' * 25000]}
    with Daemon() as daemon:
        for proto in ('udp', 'tcp'):
            for method in ('REGISTER', 'INVITE', 'ACK'):
                for name, lines in many.items():
                    peer, started = daemon.peer(proto), time.monotonic()
                    peer.send(peer.request(method, 'sip:alice@example.org', '<sip:a@example.org>;tag=1', '<sip:alice@example.org>', name, 1, lines))
                    if method == 'ACK':
                        continue
                    try:
                        answer = peer.recv(5)
                    except OSError:
                        answer = None
                    # A connection that is closed on what it still sends may lose the answer.
                    assert answer.code == 413 if answer else proto == 'tcp', (proto, method, name, answer)
                    assert time.monotonic() - started < 2, (proto, method, name)
        # Empty lines in front do not hide them.
        peer = daemon.peer('tcp')
        peer.send('\r\n\r\n' + peer.request('REGISTER', 'sip:example.org', '<sip:a@example.org>;tag=1', '<sip:alice@example.org>', 'empty', 1, ['x:'] * 400))
        assert peer.expect(413)
        peer = daemon.peer()
        peer.send('SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s\r\n' % daemon.address + 'm:a\r\n' * 10000 + '\r\n')
        # What is large and not many is taken: 200 lines, 30 Contacts, a long body.
        fine = ['X-%d: %s' % (n, 'x' * 50) for n in range(200)] + ['Contact: ' + ','.join('<sip:a@192.0.2.1;n=%d>' % n for n in range(30))]
        assert peer.register('alice', (), headers=fine).code == 200
        assert settled(daemon)[0]['aor'] == 'alice@example.org'
        phone = daemon.peer()
        assert phone.register('bob').code == 200
        body = 'a,;\r\n' * 5000
        peer.send(peer.request('MESSAGE', 'sip:bob@example.org', '<sip:a@example.org>;tag=1', '<sip:bob@example.org>', 'body', 1, body=body))
        assert phone.expect('MESSAGE').body == body.encode()


def test_a_request_uri_that_cannot_be_read_is_refused():
    uris = ('sip:bob@', 'sip:', 'sip:b%zz@example.org', 'sip:bob@example.org:x', 'sip:bob@[::1', 'sip:bob@exa mple.org', '', 'sip:%@@')
    for mode in ('proxy', 'redirect'):
        with Daemon('--mode', mode) as daemon:
            for proto in ('udp', 'tcp'):
                peer = daemon.peer(proto)
                for n, uri in enumerate(uris):
                    for method in ('INVITE', 'MESSAGE', 'REGISTER', 'CANCEL'):
                        peer.send(peer.request(method, uri, '<sip:a@example.org>;tag=1', '<sip:bob@example.org>', 'u%d' % n, 1, body='x\r\n\r\ny'))
                        answer = peer.expect(400)
                        assert answer.get('cseq') == '1 ' + method and answer.tag('to') and len(answer.all('via')) == 1, answer
                    peer.send(peer.request('ACK', uri, '<sip:a@example.org>;tag=1', '<sip:bob@example.org>;tag=2', 'u%d' % n, 1))
                peer.silent(0.1)
            assert daemon.control('stats')['malformed_requests'] >= 5 * len(uris)


def test_nothing_can_be_injected_into_an_answer():
    with Daemon() as daemon:
        peer = daemon.peer()
        for n, value in enumerate(('<sip:a@192.0.2.1;x=%0d%0aInjected:%20yes>', '"a%0d%0aInjected: yes" <sip:a@192.0.2.1>',
                '<sip:a@192.0.2.1>;x="%0d%0aInjected: yes"',
                                   '<sip:a@192.0.2.1>;x="\\\rInjected: yes"')):
            answer = peer.register('alice%d' % n, [value], headers=['User-Agent: x%0d%0aInjected: yes'])
            assert answer and answer.get('injected') is None, (value, answer)


run(globals())
