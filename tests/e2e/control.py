# SPDX-License-Identifier: MIT
"""Every command of the control socket, and how its connections behave."""
import contextlib
import socket
import time
from harness import STORE, Control, Daemon, is_sanitized, run


def contacts(daemon, *uris, aor='alice', headers=()):
    answer = daemon.peer().register(aor, ['<%s>' % u for u in uris], headers=headers)
    assert answer.code == 200, answer


def test_show_and_dump():
    with Daemon() as daemon:
        ask = daemon.control
        assert ask('dump') == {'aors': []}
        assert ask('show nobody@example.org') == {'aor': 'nobody@example.org', 'contacts': []}
        contacts(daemon, 'sip:a@192.0.2.1;x=1', 'sip:a@192.0.2.2')
        contacts(daemon, 'sip:b@192.0.2.3', aor='bob')
        dump = {row['aor']: [c['uri'] for c in row['contacts']] for row in ask('dump')['aors']}
        assert {k: sorted(v) for k, v in dump.items()} == {'alice@example.org': ['sip:a@192.0.2.1;x=1', 'sip:a@192.0.2.2'],
                                                           'bob@example.org': ['sip:b@192.0.2.3']}
        for aor in ('sip:alice@example.org', 'alice@example.org', 'sips:alice@EXAMPLE.org', 'sip:%61lice@example.org:5060;x'):
            assert len(ask.show(aor)) == 2, aor
        assert 'error' in ask('show') and 'error' in ask('show a b') and 'error' in ask('show sip:@@@')
        ask('remove alice@example.org')
        assert [row['aor'] for row in ask('dump')['aors']] == ['bob@example.org']


def test_dump_prints_long_aors_whole():
    with Daemon('--set', 'max_username_len=1024', '--set', 'max_aor_len=4096') as daemon:
        user = '%25' * 900
        assert daemon.peer().register(user + '@example.org', ['<sip:a@192.0.2.1>']).code == 200
        assert [row['aor'] for row in daemon.control('dump')['aors']] == [user + '@example.org']


def test_remove():
    with Daemon() as daemon:
        ask = daemon.control
        aor = 'alice@example.org'
        instance = '<urn:uuid:00000000-0000-1000-8000-000000000001>'
        full = ['<sip:a@192.0.2.1>', '<sip:a@192.0.2.2:5070>', '<sip:a@192.0.2.3>;+sip.instance="%s"' % instance]
        for condition, gone in (('contact=sip:a@192.0.2.1', 1), ('contact=<sip:a@192.0.2.1>', 1), ('next_hop=192.0.2.2', 1),
                                ('instance=' + instance, 1), ('instance=' + instance[1:-1], 1), ('contact=sip:b@192.0.2.1', 0),
                                ('next_hop=192.0.2.2 contact=sip:a@192.0.2.1', 0), ('', 3)):
            ask('remove ' + aor)
            assert daemon.peer().register('alice', full).code == 200
            assert ask('remove %s %s' % (aor, condition)) == {'result': True, 'removed': gone}, condition
            assert len(ask.show(aor)) == 3 - gone
        assert ask('remove nobody@example.org') == {'result': True, 'removed': 0}
        assert daemon.peer().register('alice', full).code == 200
        for bad in ('remove', 'remove %s contac=sip:a@192.0.2.1' % aor, 'remove %s contact=' % aor, 'remove %s sip:a@192.0.2.1' % aor):
            assert 'error' in ask(bad), bad
        assert len(ask.show(aor)) == 3


def test_remove_ip_port():
    with Daemon() as daemon:
        ask = daemon.control
        contacts(daemon, 'sip:a@192.0.2.1:5070', 'sip:a@192.0.2.1:5071', 'sip:a@[2001:db8::1]:5070')
        contacts(daemon, 'sip:b@192.0.2.1:5070', aor='bob')
        assert ask('remove_ip_port 192.0.2.1 5070 bob@example.org') == {'result': True, 'removed': 1}
        assert len(ask.show('alice@example.org')) == 3
        contacts(daemon, 'sip:b@192.0.2.1:5070', aor='bob')
        assert ask('remove_ip_port 192.0.2.1 5070') == {'result': True, 'removed': 2}
        assert ask('remove_ip_port 2001:0DB8:0::1 5070')['removed'] == 1
        assert [c['uri'] for c in ask.show('alice@example.org')] == ['sip:a@192.0.2.1:5071']
        for bad in ('remove_ip_port', 'remove_ip_port 192.0.2.1', 'remove_ip_port 192.0.2.1 0', 'remove_ip_port 192.0.2.1 x',
                    'remove_ip_port 192.0.2.1 65536'):
            assert 'error' in ask(bad), bad


def test_the_questions():
    with Daemon('--set', 'received_avp=$avp(rcv)') as daemon:
        ask = daemon.control
        peer = daemon.peer()
        peer.register('alice', ['<sip:a@192.0.2.1:5070>'], 'c1')
        yes = ['is_registered alice@example.org', 'is_registered sip:alice@example.org', 'is_contact_registered alice@example.org',
               'is_contact_registered alice@example.org contact=sip:a@192.0.2.1:5070', 'is_contact_registered alice@example.org callid=c1',
               'is_contact_registered alice@example.org contact=sip:a@192.0.2.1:5070 callid=c1',
               'is_ip_registered alice@example.org 127.0.0.1',
               'is_ip_registered alice@example.org 127.0.0.1:%d' % peer.port, 'is_ip_registered alice@example.org 192.0.2.77 127.0.0.1']
        no = ['is_registered bob@example.org', 'is_contact_registered bob@example.org',
                'is_contact_registered alice@example.org contact=sip:a@192.0.2.1',
              'is_contact_registered alice@example.org callid=c2',
              'is_contact_registered alice@example.org contact=sip:a@192.0.2.1:5070 callid=c2',
              'is_ip_registered alice@example.org 127.0.0.2', 'is_ip_registered alice@example.org 127.0.0.1:1',
              'is_ip_registered bob@example.org 127.0.0.1',
              'is_ip_registered alice@example.org [2001:db8::1]:5070 2001:db8::1']
        for command in yes:
            assert ask(command)['result'] is True, (command, ask(command))
        for command in no:
            assert ask(command)['result'] is False, (command, ask(command))
        for command in ('is_registered', 'is_contact_registered', 'is_ip_registered alice@example.org',
                'is_ip_registered alice@example.org 127.0.0.1:x'):
            assert 'error' in ask(command), command
        peer.register('alice', ['*'], 'c1', 2, ['Expires: 0'])
        assert ask('is_registered alice@example.org')['result'] is False


def test_latency():
    with Daemon() as daemon:
        ask, aor = daemon.control, 'alice@example.org'
        contacts(daemon, 'sip:a@192.0.2.1', 'sip:a@192.0.2.2;x=1')
        events = Control(daemon.path)
        events.send('events\n')
        assert {row['latency'] for row in ask.show(aor)} == {None}
        assert ask('latency %s sip:a@192.0.2.1 0' % aor) == {'result': True, 'changed': 1}
        assert ask('latency %s <sip:a@192.0.2.2;x=1> 4294967294' % aor) == {'result': True, 'changed': 1}
        assert {row['uri']: row['latency'] for row in ask.show(aor)} == {'sip:a@192.0.2.1': 0, 'sip:a@192.0.2.2;x=1': 4294967294}
        event = events.line()
        assert event['event'] == 'LATENCY_UPDATE' and event['contact']['latency'] == 0, event
        # What hardly moved is not worth a change, and where there is no binding nothing is.
        for command in ('%s sip:a@192.0.2.1 100', '%s sip:b@192.0.2.9 5', 'nobody@example.org sip:a@192.0.2.1 5'):
            assert ask('latency ' + (command % aor if '%s' in command else command)) == {'result': True, 'changed': 0}, command
        for bad in ('', aor, aor + ' sip:a@192.0.2.1', aor + ' sip:a@192.0.2.1 -1', aor + ' sip:a@192.0.2.1 4294967295',
                    aor + ' sip:a@192.0.2.1 fast', aor + ' sip:a@192.0.2.1 5 6', 'sip:@@@ sip:a@192.0.2.1 5'):
            assert 'error' in ask('latency ' + bad), bad
        events.close()


def test_stats():
    with Daemon() as daemon:
        peer = daemon.peer()
        before = daemon.control('stats')
        assert before['default_expires'] == before['defaults_expires'] == 3600
        assert all(isinstance(v, int) for name, v in before.items() if name != 'store')
        assert ('store' in before) == (STORE == 'redis')
        peer.register('alice')
        peer.register('alice', ['<sip:@@>'])
        after = daemon.control('stats')
        assert after['accepted_regs'] == before['accepted_regs'] + 1 and after['rejected_regs'] == before['rejected_regs'] + 1, after


def test_metrics():
    with Daemon() as daemon:
        daemon.peer().register('alice')
        text = daemon.control('metrics')['text']
        lines = dict(line.rsplit(' ', 1) for line in text.splitlines() if not line.startswith('#'))
        assert lines['rgstr_accepted_regs_total'] == '1' and text.endswith('\n'), text
        assert 'error' in daemon.control('metrics now')


def test_what_is_not_a_command():
    with Daemon() as daemon:
        ask = daemon.control
        for command in ('', '   ', 'nosuch', 'SHOW alice@example.org', 'events now', 'show ' + 'x' * 3000, ' '.join('x' * 100),
                'show \xff\xfe', '{"a":1}'):
            assert 'error' in ask(command), command
        ask.send(b'stats\0stats\n')
        assert 'error' in ask.line()
        ask.send(b'x' * 200000 + b'\nstats\n')
        assert 'error' in ask.line() and 'accepted_regs' in ask.line()
        ask.send(b'stats\r\n')
        assert 'accepted_regs' in ask.line()


def test_lines_in_pieces_and_many_at_once():
    with Daemon() as daemon:
        ask = daemon.control
        for c in b'show alice@example.org\n':
            ask.send(bytes([c]))
        assert ask.line() == {'aor': 'alice@example.org', 'contacts': []}
        ask.send('stats\nshow a@b.example\n' * 500)
        for _ in range(500):
            assert 'accepted_regs' in ask.line() and ask.line()['aor'] == 'a@b.example'
        # The last line needs no end of the connection's other half to be answered.
        last = Control(daemon.path)
        last.send('stats\n')
        last.sock.shutdown(socket.SHUT_WR)
        assert 'accepted_regs' in last.line() and last.line() is None


def served(daemon):
    """A connection that is answered. Those that were closed just now may count still."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        control = Control(daemon.path)
        with contextlib.suppress(OSError):
            control.send('dump\n')
            if 'aors' in (control.line() or {}):
                return control
        control.close()
        time.sleep(0.01)
    raise AssertionError('no connection is served')


def test_several_connections():
    """Descriptors are kept for 16 connections, so that strangers on SIP connections cannot use them up. One more is closed at once."""
    with Daemon() as daemon:
        many = [Control(daemon.path) for _ in range(15)]
        many[0].send('sho')
        for other in many[1:]:
            assert 'aors' in other('dump')
        one_too_many = Control(daemon.path)
        assert one_too_many.line() is None and one_too_many.ended()
        many[0].send('w x@y.example\n')
        assert many[0].line()['aor'] == 'x@y.example'
        for other in many:
            other.close()
        one_too_many.close()
        assert 'aors' in daemon.control('dump')
        for other in [served(daemon) for _ in range(15)]:
            other.close()


def fill(daemon, n, size=0, hop='192.0.2.1:5070'):
    """Registers n users. Each contact has so many octets more than it needs."""
    peer = daemon.peer()
    for i in range(n):
        answer = peer.register('user%d' % i, ['<sip:u@%s;x=%s>' % (hop, 'x' * max(1, size))])
        assert answer.code == 200, answer


def test_a_dump_in_many_parts_is_whole():
    """Its answer is larger than what is written in one turn. A record is neither lost nor printed twice."""
    with Daemon() as daemon:
        fill(daemon, 700, 200)
        rows = daemon.control('dump', 20)['aors']
        assert sorted(row['aor'] for row in rows) == sorted('user%d@example.org' % i for i in range(700))
        assert all(len(row['contacts']) == 1 for row in rows)


def test_a_dump_that_nobody_reads_holds_nobody_up():
    with Daemon() as daemon:
        fill(daemon, 1500, 200)
        before = daemon.memory()
        stuck = [Control(daemon.path) for _ in range(8)]
        for control in stuck:
            control.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            control.send('dump\ndump\nstats\n')
        assert 'accepted_regs' in daemon.control('stats')
        assert daemon.peer().register('alice').code == 200
        # A dump has about 900 kB; each connection holds a part of it. AddressSanitizer keeps what each answer of a server took.
        assert daemon.memory() - before < 8 * 600 or (is_sanitized() and STORE != 'memory'), (before, daemon.memory())
        # Who reads later gets all of it, in order; who goes away ends his dump alone.
        for control in stuck[1:]:
            control.close()
        assert len(stuck[0].line(20)['aors']) >= 1500 and len(stuck[0].line(20)['aors']) >= 1500
        assert 'accepted_regs' in stuck[0].line()


def test_events_during_a_dump_follow_its_line():
    with Daemon() as daemon:
        fill(daemon, 1500, 200)
        reader = Control(daemon.path)
        reader.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.send('events\ndump\nshow user7@example.org\n')
        time.sleep(0.2)
        for i in range(20):
            assert daemon.peer().register('late%d' % i).code == 200
        assert len(reader.line(20)['aors']) >= 1500
        names = [reader.line() for _ in range(41)]
        events = [row for row in names if 'event' in row]
        assert [row['aor'] for row in events] == [aor for i in range(20) for aor in ['late%d@example.org' % i] * 2], names
        assert [row['event'] for row in events] == ['AOR_INSERT', 'CONTACT_INSERT'] * 20
        assert [row['aor'] for row in names if 'event' not in row] == ['user7@example.org']


def test_a_removal_in_many_parts():
    """Each event comes before the answer, and SIP is served meanwhile."""
    with Daemon() as daemon:
        fill(daemon, 1200)
        contacts(daemon, 'sip:b@192.0.2.1:5071', aor='other')
        ask = daemon.control
        ask.send('events\nremove_ip_port 192.0.2.1 5070\nshow user5@example.org\n')
        events = []
        while not events or 'event' in events[-1]:
            events.append(ask.line(10))
        assert events[-1] == {'result': True, 'removed': 1200}
        assert sorted(row['aor'] for row in events[:-1]) == sorted(['user%d@example.org' % i for i in range(1200)] * 2)
        assert ask.line() == {'aor': 'user5@example.org', 'contacts': []}
        assert [row['aor'] for row in Control(daemon.path)('dump')['aors']] == ['other@example.org']


def test_a_client_that_goes_away_cancels_its_commands():
    with Daemon() as daemon:
        fill(daemon, 700, 200)
        for _ in range(40):
            gone = Control(daemon.path)
            gone.send('dump\nremove_ip_port 192.0.2.9 5070\ndump\n')
            gone.close()
        assert len(daemon.control('dump', 20)['aors']) == 700


def test_any_octet_makes_valid_json():
    with Daemon() as daemon:
        peer = daemon.peer()
        assert peer.register('alice', headers=['User-Agent: caf\xe9 "\\ \x80\xff']).code == 200
        row, = daemon.control.show('alice@example.org')
        assert row['user_agent'] == 'caf\xe9 "\\ \x80\xff', row
        assert peer.register('bob', headers=[b'User-Agent: caf\xc3\xa9'.decode('latin-1')]).code == 200
        assert daemon.control.show('bob@example.org')[0]['user_agent'] == 'caf\xe9'


def test_events():
    with Daemon() as daemon:
        peer = daemon.peer()
        events = Control(daemon.path)
        events.send('events\n')
        time.sleep(0.1)
        contact = '<sip:alice@%s>' % peer.address
        peer.register('alice', [contact], 'c1', 1)
        names = []
        for _ in range(2):
            event = events.line()
            names.append(event['event'])
            assert event['aor'] == 'alice@example.org' and 'contact' in event and 'reason' in event and 'callid' in event
        assert names == ['AOR_INSERT',
                'CONTACT_INSERT'] and event['contact']['uri'] == 'sip:alice@' + peer.address and event['contact']['callid'] == 'c1'
        peer.register('alice', [contact], 'c1', 2)
        event = events.line()
        assert event['event'] == 'CONTACT_UPDATE' and event['contact']['cseq'] == 2
        peer.register('alice', (), 'c1', 3)
        peer.register('alice', [contact + ';expires=0'], 'c1', 4)
        assert [events.line()['event'], events.line()['event']] == ['CONTACT_DELETE', 'AOR_DELETE']
        peer.register('alice', [contact], 'c9', 1)
        events.line(), events.line()
        # A connection that streams still answers commands.
        events.send('remove alice@example.org\n')
        lines = [events.line() for _ in range(3)]
        assert {'result': True, 'removed': 1} in lines and [e['event'] for e in lines if 'event' in e] == ['CONTACT_DELETE', 'AOR_DELETE']
        events.close()


def test_a_reader_that_never_reads_holds_nobody_up():
    with Daemon() as daemon:
        stuck = Control(daemon.path)
        stuck.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.send('events\n')
        time.sleep(0.1)
        peer = daemon.peer()
        for i in range(2500):
            answer = peer.register('alice', ['<sip:a@192.0.2.1;x=%s>' % ('x' * 200)], 'c1', i + 1)
            assert answer.code == 200, answer
        stuck.sock.settimeout(3)
        total = 0
        while True:
            data = stuck.sock.recv(1 << 20)
            if not data:
                break
            total += len(data)
        assert total < 2500 * 500, 'it was never dropped'
        assert 'aors' in daemon.control('dump')


run(globals())
