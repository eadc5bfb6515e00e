# SPDX-License-Identifier: MIT
"""TCP as strangers use it: pings, frames without an end, connections without number, and Vias of other transports."""
import contextlib
import os
import resource
import select
import socket
import time
from harness import Daemon, Skip, is_sanitized, resident, run

CALLER = '<sip:caller@example.net>;tag=c'


def options(peer, callid='o', via=None, length='Content-Length: 0\r\n'):
    text = peer.request('OPTIONS', 'sip:%s' % peer.target, CALLER, '<sip:%s>' % peer.target, callid, 1)
    if via:
        text = text.replace(text.split('\r\n')[1], via)
    return text.replace('Content-Length: 0\r\n', length)


def pongs(peer, timeout=0.3):
    """Everything that comes, as it comes."""
    data, end = b'', time.monotonic() + timeout
    while select.select([peer.sock], [], [], max(0, end - time.monotonic()))[0]:
        some = peer.sock.recv(65536)
        if not some:
            break
        data += some
    return data


def is_closed(peer, timeout=3):
    peer.sock.settimeout(timeout)
    with contextlib.suppress(ConnectionResetError):
        return peer.sock.recv(65536) == b''
    return True


def descriptors(daemon):
    return len(os.listdir('/proc/%d/fd' % daemon.process.pid))


def cpu_seconds(daemon):
    fields = open('/proc/%d/stat' % daemon.process.pid).read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_each_ping_between_messages_is_answered_at_once():
    with Daemon() as daemon:
        peer = daemon.peer('tcp')
        cases = [('\r\n\r\n', 1, 0), (options(peer) + '\r\n\r\n', 1, 1), (options(peer) + '\r\n', 0, 1), ('\r\n\r\n', 1, 0),
                 ('\r\n\r\n\r\n\r\n' + options(peer), 2, 1), ('SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n' + '\r\n\r\n', 1, 0)]
        for data, pings, messages in cases:
            peer.send(data)
            got = pongs(peer)
            assert got.count(b'SIP/2.0 200') == messages, (data, got)
            assert got.count(b'\r\n') - count_lines(got) == pings, (data, got)


def count_lines(data):
    """The line ends of whole messages within data."""
    total, at = 0, 0
    while True:
        at = data.find(b'SIP/2.0 ', at)
        if at < 0:
            return total
        end = data.find(b'\r\n\r\n', at) + 4
        total += data.count(b'\r\n', at, end)
        at = end


def test_a_ping_cut_into_segments_is_one():
    with Daemon() as daemon:
        peer = daemon.peer('tcp')
        for part in ('\r', '\n', '\r', '\n'):
            peer.send(part)
            time.sleep(0.05)
        assert pongs(peer) == b'\r\n'


def test_a_frame_without_an_end_is_refused_and_closed():
    with Daemon() as daemon:
        for length in ('', 'Content-Length: x\r\n', 'Content-Length: 5\r\nContent-Length: 6\r\n', 'Content-Length: \r\n', 'l: -1\r\n'):
            peer = daemon.peer('tcp')
            peer.send(options(peer, length=length))
            answer = peer.recv()
            assert answer and answer.code == 400, (length, answer)
            assert is_closed(peer), length
        # A response gets no answer.
        peer = daemon.peer('tcp')
        peer.send('SIP/2.0 200 OK\r\n\r\n')
        assert is_closed(peer)
        for noise in ('GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'x\r\n', '\x16\x03\x01\x02\x00\x01\x00\n'):
            peer = daemon.peer('tcp')
            peer.send(noise)
            assert is_closed(peer), noise


def test_a_message_may_come_byte_by_byte_and_many_at_once():
    with Daemon() as daemon:
        peer = daemon.peer('tcp')
        for octet in options(peer):
            peer.send(octet)
        assert peer.expect(200)
        peer.send(''.join(options(peer, 'many%d' % n) for n in range(50)))
        for n in range(50):
            assert peer.expect(200).get('call-id') == 'many%d' % n


def test_the_via_may_name_another_transport():
    """As behind a load balancer that ends TLS: RFC 3261 §18.2.2 sends the response over the connection of the request."""
    with Daemon() as daemon:
        for proto in ('tcp', 'udp'):
            peer = daemon.peer(proto)
            for name in ('TLS', 'WS', 'WSS', 'UDP', 'TCP', 'SCTP'):
                via = 'Via: SIP/2.0/%s 192.0.2.7:5061;branch=%s;x="Y ;z";rport' % (name, peer.branch())
                peer.send(options(peer, name, via))
                answer = peer.expect(200)
                assert answer.get('via').startswith(via[5:].replace(';rport', '')), answer
                assert ';received=127.0.0.1' in answer.get('via') and ';rport=%d' % peer.port in answer.get('via'), answer
            answer = daemon.peer(proto)
            contact = '<sip:alice@127.0.0.1:9>'
            text = answer.request('REGISTER', 'sip:example.org', CALLER.replace('caller@example.net', 'alice@example.org'),
                                  '<sip:alice@example.org>', 'tls-' + proto, 1, ['Contact: ' + contact])
            answer.send(text.replace('SIP/2.0/%s ' % proto.upper(), 'SIP/2.0/TLS '))
            assert answer.expect(200).get('via').startswith('SIP/2.0/TLS ')
        assert daemon.control('stats')['received_requests'] >= 12


def test_an_answer_goes_to_the_source_and_not_where_maddr_says():
    with Daemon() as daemon:
        peer, victim = daemon.peer(), daemon.peer()
        for via in ('SIP/2.0/UDP %s;branch=%s;maddr=%s' % (peer.address, peer.branch(), '127.0.0.1'),
                    'SIP/2.0/UDP 127.0.0.9:%d;branch=%s;maddr=127.0.0.9' % (peer.port, peer.branch()),
                    'SIP/2.0/UDP slow.invalid:%d;branch=%s;maddr=slow.invalid' % (peer.port, peer.branch()),
                    'SIP/2.0/UDP 127.0.0.9:%d;branch=%s;maddr=127.0.0.1;rport' % (victim.port, peer.branch())):
            peer.send(options(peer, 'm', 'Via: ' + via))
            answer = peer.expect(200, 1)
            assert answer.get('via').startswith(via.replace(';rport', '')), answer
        victim.silent(0.1)


def test_connections_beyond_all_limits_stop_nothing():
    with Daemon('--max-connections', '20', '--max-per-address', '20') as daemon:
        phone = daemon.peer('tcp')
        assert phone.register('alice', ['<sip:alice@%s;transport=tcp>' % phone.address]).code == 200
        crowd = []
        for _ in range(200):
            sock = socket.socket()
            sock.settimeout(2)
            with contextlib.suppress(OSError):
                sock.connect(('127.0.0.1', daemon.port))
            crowd.append(sock)
        used = cpu_seconds(daemon)
        time.sleep(1)
        assert cpu_seconds(daemon) - used < 0.3
        assert descriptors(daemon) < 60
        assert daemon.control('stats')['refused_connections'] + daemon.control('stats')['closed_connections'] >= 150
        # UDP, and the phone that was there before, are served.
        assert daemon.peer().register('bob', (), None, 1).code == 200
        phone.send(options(phone))
        assert phone.expect(200)
        for sock in crowd:
            sock.close()
        time.sleep(0.3)
        assert daemon.peer('tcp').register('bob', (), None, 1).code == 200


def test_without_descriptors_accept_does_not_spin():
    with Daemon() as daemon:
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (descriptors(daemon) + 4,) * 2)
        crowd = []
        for _ in range(64):
            sock = socket.socket()
            sock.settimeout(2)
            with contextlib.suppress(OSError):
                sock.connect(('127.0.0.1', daemon.port))
            crowd.append(sock)
        used = cpu_seconds(daemon)
        time.sleep(1)
        assert cpu_seconds(daemon) - used < 0.3
        assert daemon.peer().register('bob', (), None, 1).code == 200
        assert 'aors' in daemon.control('dump')
        for sock in crowd:
            sock.close()
        time.sleep(0.3)
        assert daemon.peer('tcp').register('bob', (), None, 1).code == 200


def soon(condition, timeout=4):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, 'not in time'
        time.sleep(0.05)


def test_the_kept_descriptor_comes_back_after_a_shortage():
    with Daemon() as daemon:
        assert 'aors' in daemon.control('dump')
        before, limit = descriptors(daemon), resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (4, limit[1]))
        with socket.create_connection(('127.0.0.1', daemon.port)):
            soon(lambda: descriptors(daemon) < before)
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, limit)
            soon(lambda: descriptors(daemon) == before + 1)
        soon(lambda: descriptors(daemon) == before)


def test_a_connection_that_cannot_be_opened_takes_no_place():
    with Daemon('--max-connections', '1') as daemon:
        phone, caller = daemon.peer('tcp'), daemon.peer()
        assert phone.register('alice').code == 200
        # From a loopback address the system refuses at once.
        assert caller.register('bob', ['<sip:bob@192.0.2.1;transport=tcp>']).code == 200
        caller.send(caller.request('MESSAGE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'far', 1))
        assert caller.expect(500)
        assert daemon.control('stats')['closed_connections'] == 0
        phone.send(options(phone))
        assert phone.expect(200)


def test_descriptors_of_ended_connections_are_given_back_at_once():
    with Daemon() as daemon:
        assert 'aors' in daemon.control('dump')
        before = descriptors(daemon)
        for n in range(100):
            peer = daemon.peer('tcp')
            peer.send(('garbage %d' % n, 'REGISTER sip:x SIP/2.0\r\nVia: ', '\r\n', options(peer), 'x\r\n\r\n')[n % 5])
            if n % 3 == 0:
                peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            peer.close()
        end = time.monotonic() + 3
        while descriptors(daemon) > before and time.monotonic() < end:
            time.sleep(0.05)
        assert descriptors(daemon) <= before


def test_a_peer_that_does_not_read_is_given_up():
    with Daemon() as daemon:
        peer = daemon.peer('tcp')
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.sock.settimeout(1)
        text = options(peer).encode()
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 30000000:
                sent += peer.sock.send(text * 100)
        used = cpu_seconds(daemon)
        time.sleep(1)
        assert cpu_seconds(daemon) - used < 0.5
        assert int(open('/proc/%d/statm' % daemon.process.pid).read().split()[1]) * 4096 < 100000000
        assert daemon.peer().register('bob', (), None, 1).code == 200


def test_incomplete_messages_in_all_buffers_end_no_other_connection():
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 7000:
        raise Skip('a process may open fewer than 7000 files')
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    crowd = []
    try:
        with Daemon('--max-connections', '6500', '--max-per-address', '6490') as daemon:
            peer = daemon.peer('tcp')
            peer.send(options(peer))
            peer.expect(200)
            long = b'OPTIONS sip:x SIP/2.0\r\nContent-Length: 49000\r\n\r\n' + b'x' * 48910
            for part, n in ((long, 5500), (long[:100], 900)):
                for _ in range(n):
                    crowd.append(socket.create_connection(('127.0.0.1', daemon.port)))
                    crowd[-1].sendall(part)
                assert 'aors' in daemon.control('dump')
            end = time.monotonic() + 5
            while daemon.control('stats')['closed_connections'] == 0 and time.monotonic() < end:
                time.sleep(0.1)
            assert daemon.control('stats')['closed_connections'] > 0
            peer.send(options(peer))
            peer.expect(200)
            while crowd:
                crowd.pop().close()
            end = time.monotonic() + 5
            while resident(daemon) > 64 << 20 and not is_sanitized() and time.monotonic() < end:
                time.sleep(0.1)
            assert resident(daemon) < 64 << 20 or is_sanitized()
    finally:
        for sock in crowd:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_response_on_a_connection_that_ended_does_not_go_to_another():
    with Daemon() as daemon:
        phone, caller, other = daemon.peer('tcp'), daemon.peer('tcp'), daemon.peer('tcp')
        assert phone.register('alice', ['<sip:alice@%s;transport=tcp>' % phone.address]).code == 200
        caller.send(caller.request('INVITE', 'sip:alice@example.org', CALLER, '<sip:alice@example.org>', 'gone', 1,
                                   ['Contact: <sip:caller@%s>' % caller.address]))
        request = phone.expect('INVITE')
        caller.close()
        daemon.peers.remove(caller)
        phone.answer(request, 486)
        phone.expect('ACK')
        other.silent(0.2)
        assert daemon.alive()


if __name__ == "__main__":
    run(globals())
