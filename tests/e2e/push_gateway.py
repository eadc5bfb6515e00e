# SPDX-License-Identifier: MIT
"""Wake-ups leave registrard by a program and by HTTP, within limits, and SIP is answered meanwhile."""
import base64
import contextlib
import itertools
import json
import os
import resource
import stat
import subprocess
import tempfile
from harness import BINARY, Daemon, Skip, free_port, has_address, run
from name_server import A, AAAA, NameServer
from web_server import Authority, WebServer, status, until

# No request waits, so that its answer comes at once. A binding that asks for one second is due a second after its REGISTER: its expiry is
# raised to just above pn_trigger_interval.
PUSH = ['--set', 'pn_enable=1', '--set', 'pn_providers=fcm,webpush', '--set', 'pn_trigger_interval=100', '--set', 'pn_refresh_timeout=0']
serial = itertools.count(1)


def wake(daemon, *users, peer=None, headers=(), expires=3600):
    """Registers phones, and wakes each by a request, or by its expiry."""
    peer = peer or daemon.peer()
    for user in users:
        contact = '<sip:%s@192.0.2.1;pn-provider=fcm;pn-prid=to%%3Aken-%s;pn-param=project>;expires=%d' % (user, user, expires)
        assert peer.register(user, [contact], headers=headers).code == 200
        if expires > 1:
            to = 'sip:%s@example.org' % user
            peer.send(peer.request('MESSAGE', to, '<sip:bob@example.net>;tag=b', '<%s>' % to, 'message-' + user, 1))
            peer.expect(480)


def answers(daemon, peer=None):
    """SIP is answered."""
    peer = peer or daemon.peer()
    peer.send(peer.request('OPTIONS', 'sip:%s' % peer.target, '<sip:a@example.net>;tag=c', '<sip:%s>' % peer.target, 'o-%d' % next(serial), 1))
    assert peer.expect(200, 20)


def counts(daemon):
    stats = daemon.control('stats')
    return {name: stats['pushes_' + name] for name in ('sent', 'retried', 'failed', 'dropped', 'waiting', 'running')}


def settled(daemon, seconds=20, **want):
    """Waits until these counts are reached, with SIP answered between them."""
    peer = daemon.peer()
    have = None
    with contextlib.suppress(AssertionError):
        for _ in until(seconds):
            answers(daemon, peer)
            have = counts(daemon)
            if all(have[name] == value for name, value in want.items()):
                return have
    raise AssertionError('expected %s, have %s' % (want, have))


@contextlib.contextmanager
def program(text):
    """A program in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix='program-') as folder:
        path = os.path.join(folder, 'wake')
        with open(path, 'w') as file:
            file.write('#!/bin/sh\ncd %s\n%s\n' % (folder, text))
        os.chmod(path, 0o755)
        yield path, folder


def read(folder, name):
    with contextlib.suppress(FileNotFoundError), open(os.path.join(folder, name)) as file:
        return file.read()
    return ''


def is_running(pid):
    with contextlib.suppress(FileNotFoundError), open('/proc/%d/stat' % pid) as file:
        return file.read().rsplit(')', 1)[1].split()[0] not in 'ZX'
    return False


def pids(folder, name='pids'):
    return [int(line) for line in read(folder, name).split()]


def descriptors(daemon):
    counts(daemon)  # by now it has accepted the control connection
    return len(os.listdir('/proc/%d/fd' % daemon.process.pid))


def check_event(line, user, reason='ini-MESSAGE'):
    event = json.loads(line)
    assert line.endswith('\n') and line.count('\n') == 1
    callid = None if reason == 'reg-refresh' else 'message-' + user
    assert (event['event'], event['reason'], event['callid']) == ('CONTACT_REFRESH', reason, callid), event
    assert event['aor'] == '%s@example.org' % user and event['contact']['uri'].startswith('sip:%s@192.0.2.1;pn-provider=fcm' % user)
    assert (event['provider'], event['prid'], event['param']) == ('fcm', 'to:ken-' + user, 'project'), event


def test_a_program_gets_the_event():
    """On standard input; it inherits the environment, and no other file, blocked signal or ignored one."""
    with program('cat >event; ls /proc/self/fd >fds; grep -E "Sig(Blk|Ign)" /proc/self/status >signals; echo out; echo err >&2; touch done') as (path, folder), \
            Daemon(*PUSH, '--push-exec', path) as daemon:
        wake(daemon, 'alice', expires=1)
        settled(daemon, sent=1, failed=0, dropped=0, running=0, waiting=0)
        check_event(read(folder, 'event'), 'alice', 'reg-refresh')
        # Beside the three there is the folder that ls reads.
        assert read(folder, 'fds').split() == ['0', '1', '2', '3'], read(folder, 'fds')
        # 32 and 33 are those of the C library.
        masks = [int(line.split()[1], 16) & ~(3 << 31) for line in read(folder, 'signals').splitlines()]
        assert masks == [0, 0], read(folder, 'signals')


def test_a_program_that_fails_is_logged_and_counted():
    with program('exit 3') as (path, _), Daemon(*PUSH, '--push-exec', path, logs=True) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=0, failed=1)
        assert 'warning --push-exec %s: exit status 3, for alice@example.org, ini-MESSAGE' % path in daemon.output()
    with program('kill -9 $$') as (path, _), Daemon(*PUSH, '--push-exec', path, logs=True) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=0, failed=1)
        assert 'ended by signal 9, for alice@example.org' in daemon.output()


def test_a_program_that_hangs_is_killed():
    """With what it has started, also when it ignores SIGTERM."""
    with program('trap "" TERM; echo $$ >>pids; sleep 1000 & echo $! >>pids; wait; sleep 1000') as (path, folder), \
            Daemon(*PUSH, '--push-exec', path, '--push-timeout', '1', logs=True) as daemon:
        wake(daemon, 'alice')
        settled(daemon, failed=1, running=0)
        assert len(pids(folder)) == 2
        for _ in until():
            if not any(map(is_running, pids(folder))):
                break
        assert 'ended, because it took longer than 1 s, for alice@example.org' in daemon.output()


def test_what_a_program_leaves_behind_ends_with_it():
    with program('sleep 1000 & echo $! >>pids') as (path, folder), Daemon(*PUSH, '--push-exec', path) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=1)
        for _ in until():
            if not is_running(pids(folder)[0]):
                break


def test_so_many_programs_at_once():
    """Each waits for a file: there are never more than three of them, and in the end all were there."""
    with program('echo $$ >>pids; while [ ! -e go ]; do sleep 0.1; done') as (path, folder), \
            Daemon(*PUSH, '--push-exec', path, '--push-exec-limit', '3', '--push-timeout', '60') as daemon:
        wake(daemon, *['u%d' % n for n in range(9)])
        settled(daemon, running=3, waiting=6)
        assert len(pids(folder)) <= 3
        open(os.path.join(folder, 'go'), 'w').close()
        settled(daemon, sent=9, running=0, waiting=0)
        assert len(pids(folder)) == 9


def test_a_program_that_never_reads():
    """Of events that no pipe holds, too: 70 kB of JSON for a Path of backslashes."""
    with program('exec 0<&-; exit 0') as (path, _), Daemon(*PUSH, '--push-exec', path) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=1)
    edge = '<sip:edge.example.org;lr>;x="%s"' % ('\\' * 36000)
    for text, seconds, want in (('sleep 1000', '1', {'failed': 1}), ('cat >event', '60', {'sent': 1})):
        with program(text) as (path, folder), Daemon(*PUSH, '--save', 'path-off', '--push-exec', path, '--push-timeout', seconds,
                                                     logs='failed' in want) as daemon:
            wake(daemon, 'alice', peer=daemon.peer('tcp'), headers=['Path: ' + edge])
            settled(daemon, running=0, **want)
            if 'sent' in want:
                assert len(read(folder, 'event')) > 65536
                assert json.loads(read(folder, 'event'))['contact']['path'] == [edge]


def test_big_output_goes_nowhere():
    with program('cat >/dev/null; head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2') as (path, _), \
            Daemon(*PUSH, '--push-exec', path) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=1)


def test_programs_that_cannot_be_started():
    with program('') as (path, folder):
        os.chmod(path, 0o644)
        for value, word in ((path, 'denied'), (folder, 'not a file'), (path + 'x', 'No such file'), ('wake', 'no path'), ('', 'no path')):
            if value == path and os.getuid() == 0 and os.access(path, os.X_OK):
                continue
            done = subprocess.run([BINARY, '--push-exec', value], capture_output=True, timeout=20)
            text = done.stderr.decode()
            assert done.returncode == 2 and text.count('\n') == 1 and '--push-exec ' + value in text and word in text, done
        # It disappears while the server runs.
        os.chmod(path, stat.S_IRWXU)
        with Daemon(*PUSH, '--push-exec', path, logs=True) as daemon:
            os.unlink(path)
            wake(daemon, 'alice')
            settled(daemon, failed=1)
            assert 'cannot be started, No such file or directory, for alice' in daemon.output()


def test_a_program_that_cannot_be_started_yet():
    """There are no descriptors for a while: nothing ran, so the start is repeated."""
    with program('cat >event') as (path, folder), Daemon(*PUSH, '--push-exec', path, logs=True) as daemon:
        pid, peer = daemon.process.pid, daemon.peer()
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (descriptors(daemon), hard))
        wake(daemon, 'alice', peer=peer)
        for _ in until():
            if 'cannot be started, Too many open files, for alice' in daemon.output():
                break
        settled(daemon, sent=0, failed=0, waiting=1)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        settled(daemon, sent=1, failed=0, waiting=0)
        check_event(read(folder, 'event'), 'alice')
        assert counts(daemon)['retried'] >= 1


def test_requests_to_one_phone_hold_up_no_other():
    """Anybody may send them. Two wait at most, one of them for a call; the last of each kind stays."""
    asleep = ['--set', 'pn_enable=1', '--set', 'pn_providers=fcm', '--set', 'pn_refresh_timeout=100']
    with program('echo $(cat) >>events; while [ ! -e go ]; do sleep 0.1; done') as (path, folder), \
            Daemon(*asleep, '--push-exec', path, '--push-exec-limit', '1', '--push-timeout', '60') as daemon:
        phone, caller = daemon.peer(), daemon.peer('tcp')

        def send(method, user, callid):
            to = 'sip:%s@example.org' % user
            caller.send(caller.request(method, to, '<sip:x@example.net>;tag=x', '<%s>' % to, callid, 1))

        for user in ('alice', 'bob'):
            phone.register(user, ['<sip:%s@192.0.2.1;pn-provider=fcm;pn-prid=token;pn-param=p>' % user])
        send('OPTIONS', 'alice', 'first')
        settled(daemon, running=1, waiting=0)
        for n in range(300):
            send('MESSAGE' if n % 2 else 'INVITE', 'alice', 'n%d' % n)
        send('INVITE', 'bob', 'b')
        settled(daemon, running=1, waiting=3)
        open(os.path.join(folder, 'go'), 'w').close()
        settled(daemon, sent=4, dropped=0, running=0, waiting=0)
        events = [json.loads(line) for line in read(folder, 'events').splitlines()]
        assert [(e['reason'], e['callid']) for e in events] == [
            ('ini-OPTIONS', 'first'), ('ini-INVITE', 'n298'), ('ini-MESSAGE', 'n299'), ('ini-INVITE', 'b')], events
        assert daemon.control('stats')['pushes_merged'] == 298


def test_thousands_of_events():
    """No more wait than the queue holds; each of the others is counted once."""
    with program('cat >/dev/null') as (path, _), Daemon(*PUSH, '--push-exec', path, '--push-queue', '50', logs=True) as daemon:
        peer, before = daemon.peer('tcp'), None
        answers(daemon, peer)
        before = descriptors(daemon)
        for n in range(2000):
            contact = '<sip:u%d@192.0.2.1;pn-provider=fcm;pn-prid=token;pn-param=p>;expires=1' % n
            peer.register('u%d' % n, [contact], send_only=True)
        for _ in range(2000):
            peer.expect(200, 20)
        for _ in until(60):
            answers(daemon)
            now = counts(daemon)
            assert now['waiting'] <= 50 and now['running'] <= 8, now
            if now['sent'] + now['dropped'] + now['failed'] == 2000 and now['running'] == 0:
                break
        assert now['failed'] == 0 and now['sent'] >= 50, now
        with open('/proc/%d/task/%d/children' % (2 * (daemon.process.pid,))) as children:
            assert children.read() == '' and descriptors(daemon) == before
        lines = [line for line in daemon.output().splitlines() if 'dropped' in line]
        # One line in ten seconds, however many there are.
        assert len(lines) <= 8 and (len(lines) > 0) == (now['dropped'] > 0), lines


def test_the_end_of_the_server_ends_the_programs():
    with program('trap "" TERM; echo $$ >>pids; sleep 1000 & echo $! >>pids; while :; do sleep 1; done') as (path, folder):
        with Daemon(*PUSH, '--push-exec', path, '--push-exec-limit', '2', '--push-timeout', '60', logs=True) as daemon:
            wake(daemon, 'a', 'b', 'c')
            settled(daemon, running=2, waiting=1)
            for _ in until():
                if len(pids(folder)) == 4:
                    break
        for _ in until():
            if not any(map(is_running, pids(folder))):
                break


def url(server, scheme='http', host='127.0.0.1', path='/wake?x=1'):
    return ['--push-url', '%s://%s:%d%s' % (scheme, host, server.port, path)]


def test_a_post_has_the_event():
    """Whatever the environment says about proxies."""
    os.environ['http_proxy'] = os.environ['ALL_PROXY'] = 'http://127.0.0.1:%d' % free_port()
    try:
        with WebServer() as web, Daemon(*PUSH, *url(web)) as daemon:
            wake(daemon, 'alice', 'bob')
            settled(daemon, sent=2, retried=0, failed=0, dropped=0, running=0, waiting=0)
            head, fields, _ = web.requests[0]
            assert head.startswith('POST /wake?x=1 HTTP/1.1\r\n'), head
            assert fields['content-type'] == 'application/json' and fields['host'] == '127.0.0.1:%d' % web.port, fields
            assert fields['user-agent'].startswith('registrard/') and 'expect' not in fields, fields
            for body, user in zip(sorted(web.bodies()), ('alice', 'bob')):
                check_event(body.decode(), user)
    finally:
        del os.environ['http_proxy'], os.environ['ALL_PROXY']


def test_the_password_of_a_url_is_sent_and_not_shown():
    with WebServer(lambda *_: status(403)) as web, \
            Daemon(*PUSH, '--push-url', 'http://user:geheim@127.0.0.1:%d/' % web.port, '--log', 'debug', logs=True) as daemon:
        wake(daemon, 'alice')
        settled(daemon, failed=1)
        assert web.requests[0][1]['authorization'] == 'basic ' + base64.b64encode(b'user:geheim').decode().lower()
        assert 'status 403' in daemon.output() and 'geheim' not in daemon.output()


def test_a_connection_is_used_again_and_not_kept_for_ever():
    with WebServer() as web, Daemon(*PUSH, *url(web), '--push-timeout', '1') as daemon:
        before = descriptors(daemon)
        wake(daemon, 'a')
        settled(daemon, sent=1)
        for _ in until():
            if descriptors(daemon) == before:
                break
        wake(daemon, 'b')
        settled(daemon, sent=2)
    with WebServer() as web, Daemon(*PUSH, *url(web), '--push-timeout', '60') as daemon:
        for n in range(3):
            wake(daemon, 'u%d' % n)
            settled(daemon, sent=n + 1)
        assert len(web.peers) == 1


def test_both_ways_at_once():
    with program('cat >event') as (path, folder), WebServer() as web, Daemon(*PUSH, *url(web), '--push-exec', path) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=2)
        assert web.bodies()[0].decode() == read(folder, 'event')


def test_certificates_are_verified():
    authority, other = Authority(), Authority()
    right, wrong_name = authority.certificate('IP:127.0.0.1'), None
    with WebServer(certificate=right) as web:
        with Daemon(*PUSH, *url(web, 'https'), '--push-ca', authority.file) as daemon:
            wake(daemon, 'alice', 'bob')
            settled(daemon, sent=2, failed=0, retried=0)
        for trust in (['--push-ca', other.file], []):
            with Daemon(*PUSH, *url(web, 'https'), *trust, logs=True) as daemon:
                wake(daemon, 'alice')
                # That is no fault which passes: there is no further attempt.
                settled(daemon, sent=0, failed=1, retried=0)
                assert 'warning --push-url https://127.0.0.1:%d: SSL peer certificate' % web.port in daemon.output(), daemon.output()
    wrong_name = authority.certificate('DNS:push.test')
    with WebServer(certificate=wrong_name) as web:
        with Daemon(*PUSH, *url(web, 'https'), '--push-ca', authority.file, logs=True) as daemon:
            wake(daemon, 'alice')
            settled(daemon, sent=0, failed=1, retried=0)
        with NameServer({('push.test', A): ['127.0.0.1']}) as names, \
                Daemon(*PUSH, *url(web, 'https', 'push.test'), '--push-ca', authority.file, '--name-server', names.address) as daemon:
            wake(daemon, 'alice')
            settled(daemon, sent=1, failed=0)
    assert web.requests[0][1]['host'] == 'push.test:%d' % web.port


def test_no_plain_http_on_a_port_of_https():
    """And no answer at all from what speaks no TLS: the attempts are repeated."""
    authority = Authority()
    with WebServer(lambda *_: status(200)) as web, \
            Daemon(*PUSH, *url(web, 'https'), '--push-ca', authority.file, '--push-timeout', '1') as daemon:
        wake(daemon, 'alice')
        for _ in until():
            answers(daemon)
            if counts(daemon)['retried'] >= 1:
                break
        assert counts(daemon)['sent'] == 0


def call(daemon, caller, method='INVITE'):
    callid = 'call-%d' % next(serial)
    caller.send(caller.request(method, 'sip:alice@example.org', '<sip:bob@example.net>;tag=b', '<sip:alice@example.org>', callid, 1,
                               ['Contact: <sip:bob@%s>' % caller.address]))
    return callid


def test_a_call_wakes_the_phone():
    """The gateway is what wakes it; then it registers again, and gets the call."""
    asleep = ['--set', 'pn_enable=1', '--set', 'pn_providers=fcm', '--set', 'pn_refresh_timeout=30']
    with WebServer() as web, Daemon(*asleep, *url(web)) as daemon:
        phone, caller = daemon.peer(), daemon.peer()
        contact = '<sip:alice@%s;pn-provider=fcm;pn-prid=token;pn-param=project>' % phone.address
        assert phone.register('alice', [contact], 'phone', 1).code == 200
        callid = call(daemon, caller)
        web.wait(1)
        event = json.loads(web.bodies()[0])
        assert (event['reason'], event['callid'], event['prid']) == ('ini-INVITE', callid, 'token'), event
        phone.silent(0.1)
        assert phone.register('alice', [contact], 'phone', 2).code == 200
        invite = phone.expect('INVITE')
        assert invite.uri == 'sip:alice@%s' % phone.address
        phone.answer(invite, 486)
        phone.expect('ACK')
        caller.expect(486)
        settled(daemon, sent=1, running=0)


def test_no_attempt_outlives_the_request():
    """A wake-up is of no use when the request is answered."""
    asleep = ['--set', 'pn_enable=1', '--set', 'pn_providers=fcm', '--set', 'pn_refresh_timeout=1', '--push-timeout', '60']
    for answer in (lambda *_: None, lambda *_: status(503, 'Retry-After: 3')):
        with WebServer(answer) as web, Daemon(*asleep, *url(web), logs=True) as daemon:
            caller = daemon.peer()
            assert daemon.peer().register('alice', ['<sip:alice@192.0.2.1;pn-provider=fcm;pn-prid=token;pn-param=project>']).code == 200
            call(daemon, caller, 'MESSAGE')
            caller.expect(480, 20)
            settled(daemon, sent=0, failed=1, retried=0, running=0, waiting=0)
            assert 'given up after: ' in daemon.output() and 'for alice@example.org, ini-MESSAGE' in daemon.output(), daemon.output()


def test_what_passes_is_tried_again():
    """5xx, 429, a connection that is refused or ends; and nothing else."""
    def answer(number, body):
        return [iter(()), status(500), status(429, 'Retry-After: 1'), status(204)][number]
    with WebServer(answer) as web, Daemon(*PUSH, *url(web)) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=1, retried=3, failed=0)
        assert len(set(web.bodies())) == 1 and len(web.bodies()) == 4
    for code in (301, 400, 404, 410):
        with WebServer(lambda *_: status(code, 'Location: /other')) as web, Daemon(*PUSH, *url(web), logs=True) as daemon:
            wake(daemon, 'alice')
            settled(daemon, sent=0, retried=0, failed=1)
            assert 'warning --push-url http://127.0.0.1:%d: status %d, for alice@example.org, ini-MESSAGE' % (web.port, code) in daemon.output()
            assert len(web.requests) == 1
    with WebServer(lambda *_: b'no HTTP\r\n\r\n') as web, Daemon(*PUSH, *url(web), logs=True) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=0, retried=0, failed=1)


def test_nothing_listens_at_first():
    port = free_port()
    with Daemon(*PUSH, '--push-url', 'http://127.0.0.1:%d/' % port) as daemon:
        wake(daemon, 'alice')
        for _ in until():
            answers(daemon)
            if counts(daemon)['retried'] >= 1:
                break
        with WebServer(port=port):
            settled(daemon, 30, sent=1, failed=0)


def test_a_name_is_resolved_by_the_name_server_of_the_arguments():
    """The addresses of both kinds; the next one is taken when one does not answer."""
    with WebServer() as web:
        for records in ({('push.test', A): ['127.0.0.1']}, {('push.test', A): ['127.0.0.1'], ('push.test', AAAA): ['::1']},
                        {('push.test', A): ['127.0.0.2', '127.0.0.1']}):
            with NameServer(records) as names, Daemon(*PUSH, *url(web, host='Push.Test'), '--name-server', names.address) as daemon:
                wake(daemon, 'alice', 'bob')
                settled(daemon, sent=2, failed=0)
                # The answer is kept.
                assert names.asked.count(('push.test', A)) == 1, names.asked


def test_a_host_with_ipv6():
    if not has_address('::1'):
        raise Skip('this machine has no ::1')
    with NameServer({('push.test', AAAA): ['::1']}) as names, WebServer(host='::1') as web, \
            Daemon(*PUSH, *url(web, host='push.test'), '--name-server', names.address) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=1, failed=0)
    with WebServer(host='::1') as web, Daemon(*PUSH, *url(web, host='[::1]')) as daemon:
        wake(daemon, 'alice')
        settled(daemon, sent=1, failed=0)


def test_a_name_without_an_address_is_asked_for_again():
    with NameServer({}) as names, Daemon(*PUSH, '--push-url', 'http://push.test/', '--name-server', names.address) as daemon:
        wake(daemon, 'alice')
        for _ in until():
            answers(daemon)
            if counts(daemon)['retried'] >= 1:
                break
        assert ('push.test', A) in names.asked and counts(daemon)['sent'] == 0
    with NameServer({('push.test', A): None}) as names, Daemon(*PUSH, '--push-url', 'http://push.test/', '--name-server', names.address) as daemon:
        wake(daemon, *['u%d' % n for n in range(100)])
        for _ in until():
            answers(daemon)
            now = counts(daemon)
            assert now['running'] <= 32 and now['running'] + now['waiting'] <= 100, now
            if now['retried']:
                break
        # All of them wait for one answer, for which the name server is asked a few times.
        assert names.asked.count(('push.test', A)) < 10, names.asked


def test_a_host_that_does_not_answer():
    with WebServer(lambda *_: None) as web, Daemon(*PUSH, *url(web), '--push-queue', '40', '--push-timeout', '60', logs=True) as daemon:
        wake(daemon, *['u%d' % n for n in range(32)])
        settled(daemon, running=32, waiting=0)
        wake(daemon, *['v%d' % n for n in range(50)])
        settled(daemon, running=32, waiting=40, dropped=10)
        assert web.most_open <= 32
        assert len([line for line in daemon.output().splitlines() if 'too many wait' in line]) == 1, daemon.output()
    with WebServer(lambda *_: None) as web, Daemon(*PUSH, *url(web), '--push-timeout', '1') as daemon:
        wake(daemon, 'alice')
        for _ in until():
            answers(daemon)
            if counts(daemon)['retried'] >= 1:
                break


def test_an_endless_answer():
    """Of the answer only the status counts. One that never comes is no answer."""
    def endless(number, body):
        yield b'HTTP/1.1 200 X\r\n\r\n'
        while True:
            yield b'x' * 65536

    def headers(number, body):
        yield b'HTTP/1.1 200 X\r\n'
        while True:
            yield b'X-Y: ' + b'z' * 1000 + b'\r\n'

    def slow(number, body):
        yield b'HTTP/1.1 200 X\r\n\r\n'
        with contextlib.suppress(AssertionError):
            for _ in until(30):
                yield b'x'
    for answer in (endless, slow):
        with WebServer(answer) as web, Daemon(*PUSH, *url(web), '--push-timeout', '1') as daemon:
            wake(daemon, 'alice')
            settled(daemon, sent=1, failed=0, running=0)
    with WebServer(headers) as web, Daemon(*PUSH, *url(web)) as daemon:
        before = daemon.memory()
        wake(daemon, 'alice')
        web.wait(1)
        settled(daemon, running=0)
        assert daemon.memory() - before < 20000


def test_the_end_of_the_server_ends_the_transfers():
    with WebServer(lambda *_: None) as web:
        with Daemon(*PUSH, *url(web), '--push-timeout', '60') as daemon:
            wake(daemon, 'a', 'b')
            settled(daemon, running=2)
            web.wait(2)
        with web.changed:
            assert web.changed.wait_for(lambda: web.open == 0, 20)


def test_metrics_and_what_does_nothing():
    with WebServer() as web, Daemon('--push-url', 'http://127.0.0.1:%d/' % web.port, logs=True) as daemon:
        text = daemon.control('metrics')['text']
        assert '# TYPE registrard_pushes_sent counter\nregistrard_pushes_sent 0\n' in text
        assert '# TYPE registrard_pushes_running gauge\nregistrard_pushes_running 0\n' in text
        assert ' warning --push-url does nothing: pn_enable is 0' in daemon.output()


run(globals())
