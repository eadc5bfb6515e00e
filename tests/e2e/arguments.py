# SPDX-License-Identifier: MIT
"""The command line: what it refuses and how, --help, signals, and what stands in the way of a start."""
import os
import signal
import socket
import subprocess
import tempfile
import time
from harness import BINARY, Daemon, free_port, run

# What is refused, and words the one line on stderr must have: the argument, its value, what would be right.
REFUSED = [
    (['--listen', 'foo'], ['--listen', 'foo', 'udp:ADDR:PORT']),
    (['--listen', 'udp:127.0.0.1'], ['--listen', 'udp:127.0.0.1', 'udp:ADDR:PORT']),
    (['--listen', 'udp:127.0.0.1:70000'], ['--listen', '70000', 'udp:ADDR:PORT']),
    (['--listen', 'udp:127.0.0.1:'], ['--listen', 'udp:ADDR:PORT']),
    (['--listen', 'sctp:127.0.0.1:5060'], ['--listen', 'sctp:127.0.0.1:5060', 'tcp:ADDR:PORT']),
    (['--listen', 'tls:127.0.0.1:5061'], ['--listen', 'tls:127.0.0.1:5061']),
    (['--listen', 'udp:::1:5060'], ['--listen', 'udp:::1:5060', '[']),
    (['--listen', 'udp:not.a.host:5060'], ['--listen', 'not.a.host']),
    (['--listen', ''], ['--listen']),
    (['--store', 'redis://127.0.0.1:0'], ['--store redis://127.0.0.1:0: ']),
    (['--store', 'redis:127.0.0.1'], ['--store redis:127.0.0.1: ']),
    (['--store', 'redis://127.0.0.1?color=red'], ['--store redis://127.0.0.1?color=red: ']),
    (['--store', 'unix:redis.sock'], ['--store unix:redis.sock: ']),
    (['--store', 'http://127.0.0.1'], ['--store http://127.0.0.1: ', 'memory', 'redis://HOST']),
    (['--store', 'file:/no/such/file'], ['--store file:/no/such/file: ', 'No such file', 'file:PATH']),
    (['--store', 'file:/dev/null'], ['--store file:/dev/null: ', 'no address']),
    (['--store', 'file:' + __file__], ['--store file:' + __file__, 'no address']),
    (['--store', 'file:/tmp'], ['--store file:/tmp: ', 'directory']),
    (['--store', 'disk'], ['--store', 'disk', 'memory']),
    (['--store', 'memory:'], ['--store', 'memory:', 'memory:BYTES']),
    (['--store', 'memory:1G'], ['--store', 'memory:1G', 'memory:BYTES']),
    (['--store', 'memory:99999999999999999999'], ['--store', '99999999999999999999', 'memory:BYTES']),
    (['--store', 'memory:-1'], ['--store', 'memory:-1', 'memory:BYTES']),
    (['--federate', ''], ['--federate', 'memory,sip:192.0.2.1:5060']),
    (['--federate', 'memory'], ['--federate', 'memory', 'STORE,HOME']),
    (['--federate', 'memory,'], ['--federate', 'memory,', 'STORE,HOME']),
    (['--federate', 'redis://127.0.0.1'], ['--federate redis://127.0.0.1: ', 'STORE,HOME']),
    (['--federate', 'redis://127.0.0.1:0,192.0.2.1'], ['--federate redis://127.0.0.1:0,192.0.2.1: ']),
    (['--federate', 'file:/dev/null,192.0.2.1'], ['--federate file:/dev/null,192.0.2.1: ', 'no address']),
    (['--store', 'redis://127.0.0.1', '--federate', 'redis://127.0.0.1,192.0.2.1'], ['--federate redis://127.0.0.1,192.0.2.1: --store is the same']),
    (['--federate', 'disk,sip:192.0.2.1'], ['--federate', 'disk,sip:192.0.2.1', 'STORE,HOME']),
    (['--federate', 'memory:x,sip:192.0.2.1'], ['--federate', 'memory:x', 'STORE,HOME']),
    (['--federate', 'memory,two words'], ['--federate', 'two words', 'sip:192.0.2.1:5060']),
    (['--federate', 'memory,sip:192.0.2.1:70000'], ['--federate', '70000']),
    (['--max-calls', '0'], ['--max-calls', '0', '10000']),
    (['--max-calls', 'many'], ['--max-calls', 'many', '10000']),
    (['--max-calls', '1000001'], ['--max-calls', '1000001', '10000']),
    (['--socket-header', ''], ['--socket-header', 'X-Socket']),
    (['--socket-header', 'X Socket'], ['--socket-header', 'X Socket', 'X-Socket']),
    (['--socket-header', 'X-Socket:'], ['--socket-header', 'X-Socket:']),
    (['--socket-header', 'Via'], ['--socket-header', 'Via', 'X-Socket']),
    (['--socket-header', 'content-length'], ['--socket-header', 'content-length']),
    (['--socket-header', 'v'], ['--socket-header', 'v']),
    (['--socket-header', 'max-breadth'], ['--socket-header', 'max-breadth']),
    (['--mode', 'b2bua'], ['--mode', 'b2bua', 'proxy', 'redirect']),
    (['--domain', ''], ['--domain']),
    (['--domain', 'location@homes'], ['--domain']),
    (['--domain', 'a\nb'], ['--domain']),
    (['--domain', 'd' * 256], ['--domain']),
    (['--control', ''], ['--control']),
    (['--control', '/tmp/' + 'x' * 200], ['--control', 'xxx']),
    (['--set', 'nosuchparameter=1'], ['--set', 'nosuchparameter']),
    (['--set', 'default_expires'], ['--set', 'default_expires', 'NAME=VALUE']),
    (['--set', '=5'], ['--set', '=5', 'NAME=VALUE']),
    (['--set', 'default_expires=abc'], ['--set', 'default_expires', 'abc']),
    (['--set', 'default_expires='], ['--set', 'default_expires']),
    (['--set', 'case_sensitive=maybe'], ['--set', 'case_sensitive', 'maybe']),
    (['--set', 'min_expires_mode=x'], ['--set', 'min_expires_mode', 'x', 'clamp', 'reject']),
    (['--set', 'max_contacts=-1'], ['--set', 'max_contacts', '-1']),
    (['--set', 'min_expires=99999999999999999999'], ['--set', 'min_expires']),
    (['--save', 'nosuchflag'], ['--save', 'nosuchflag']),
    (['--save', 'max-contacts=x'], ['--save', 'max-contacts', 'x']),
    (['--save', 'max-contacts'], ['--save', 'max-contacts']),
    (['--lookup', 'nosuchflag'], ['--lookup', 'nosuchflag']),
    (['--lookup', 'ua-filtering=/[/'], ['--lookup', 'ua-filtering']),
    (['--lookup', 'branch, no-branches'], ['--lookup', 'no-branches']),
    (['--save', 'no-reply'], ['--save', 'no-reply', 'answers each REGISTER']),
    (['--save', 'max-contacts=3, no-reply ,path-off'], ['--save', 'no-reply']),
    (['--set', 'attr_avp=$avp(attr)'], ['--set', 'attr_avp', 'received_avp', 'tcp_persistent_flag']),
    (['--set', 'mcontact_avp=$avp(mc)'], ['--set', 'mcontact_avp', 'received_avp', 'tcp_persistent_flag']),
    (['--set', 'received_avp=x', '--set', 'tcp_persistent_flag=x'], ['--set', 'tcp_persistent_flag=x', 'received_avp']),
    (['--push-exec', '/no/such/program'], ['--push-exec /no/such/program', 'No such file', 'the path of a program']),
    (['--push-exec', 'sh'], ['--push-exec sh', 'no path', 'the path of a program']),
    (['--push-exec', '/tmp'], ['--push-exec /tmp', 'not a file']),
    (['--push-exec-limit', '0'], ['--push-exec-limit', '0', 'from 1 to 1000']),
    (['--push-exec-limit', '1001'], ['--push-exec-limit', '1001', 'from 1 to 1000']),
    (['--push-url', ''], ['--push-url', 'no URL', 'https://']),
    (['--push-url', 'push.example.org'], ['--push-url push.example.org', 'no URL']),
    (['--push-url', 'ftp://push.example.org/'], ['--push-url', 'neither https nor http']),
    (['--push-url', 'file:///etc/passwd'], ['--push-url']),
    (['--push-url', 'https://'], ['--push-url', 'no URL']),
    (['--push-url', 'https://push_one.example.org/'], ['--push-url', 'its host is neither a name nor an address']),
    (['--push-url', 'https://p\u00fcsh.example.org/'], ['--push-url', 'its host']),
    (['--push-url', 'https://push..example.org/'], ['--push-url', 'its host']),
    (['--push-url', 'https://[fe80::1%25eth0]/'], ['--push-url']),
    (['--push-url', 'https://push.example.org:0/'], ['--push-url', 'no port']),
    (['--push-url', 'https://push.example.org:70000/'], ['--push-url']),
    (['--push-url', 'https://push.example.org/a b'], ['--push-url', 'no URL']),
    (['--push-url', 'https://push.example.org/a\nb'], ['--push-url']),
    (['--push-url', 'https://10.0.0.256/'], ['--push-url', 'its host is neither a name nor an address']),
    (['--push-url', 'https://1.2.3.4.5./'], ['--push-url', 'its host is neither a name nor an address']),
    (['--push-ca', '/no/such/file'], ['--push-ca /no/such/file', 'No such file', 'PEM']),
    (['--push-ca', '/dev/null'], ['--push-ca /dev/null', 'no certificate']),
    (['--push-ca', '/tmp'], ['--push-ca /tmp']),
    (['--push-timeout', '0'], ['--push-timeout', '0', 'from 1 to 3600']),
    (['--push-queue', '0'], ['--push-queue', '0', 'from 1 to 1000000']),
    (['--push-queue', 'x'], ['--push-queue x', 'from 1 to 1000000']),
    (['--log', ''], ['--log', 'error, warning, info or debug']),
    (['--log', 'all'], ['--log', 'all', 'error, warning, info or debug']),
    (['--nosuch'], ['--nosuch']),
    (['--nosuch=1'], ['--nosuch']),
    (['stray'], ['stray']),
    (['--listen'], ['--listen', 'udp:ADDR:PORT']),
    (['--set'], ['--set', 'NAME=VALUE']),
    (['--help=1'], ['--help']),
    (['--mode', 'two\nlines'], ['--mode']),
    (['-x'], ['-x']),
    ([''], []),
]


# Stores that hold a password, and are refused by any build.
SECRET = 'geheim'
WITH_PASSWORD = ['redis://:geheim@127.0.0.1:0', 'redis://user:geheim@127.0.0.1:0/3', 'redis://:ge@geheim@127.0.0.1:0', 'redis:geheim@127.0.0.1',
                 'redis://:geheim', 'redis://user:pass/geheim@127.0.0.1:0', 'redis://:geheim?x@h', 'unix://:geheim@run/redis', 'unix:user:geheim@/run/redis?x=y',
                 'redis://:a,geheim@127.0.0.1:0']


def start(*args):
    return subprocess.run([BINARY, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)


def test_no_refusal_shows_a_password():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'store')
        for store in WITH_PASSWORD:
            with open(path, 'w') as file:
                file.write('\t%s \nmemory\n' % store)
            for args in (['--store', store], ['--federate', store + ',192.0.2.1'], ['--federate', store], ['--store', 'file:' + path],
                         ['--federate', 'file:%s,192.0.2.1' % path]):
                done = start(*args)
                assert done.returncode == 2 and done.stderr.count(b'\n') == 1, (args, done)
                assert SECRET not in done.stderr.decode() and args[0] in done.stderr.decode(), (args, done)


def test_a_store_may_be_named_in_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'store')
        with open(path, 'w') as file:
            file.write('memory:1\n')
        with Daemon('--store', 'file:' + path, logs=True) as daemon:
            assert daemon.peer().register('alice').code == 503


def test_bad_arguments_are_refused_by_name_and_value():
    wrong = []
    for args, words in REFUSED:
        done = start(*args)
        text = done.stderr.decode('latin-1')
        if done.returncode != 2 or done.stdout or text.count('\n') != 1 or not text.endswith('\n') or any(w not in text for w in words):
            wrong.append((args, done.returncode, text))
    assert not wrong, '\n'.join(map(str, wrong))


def test_no_password_is_shown():
    """Not even that of a URL which is refused."""
    for value, shown in (('https://user:geheim@push.test:70000/wake', 'https://...@push.test:70000/wake'), ('user:geheim@push.test', ' ...@push.test'),
                         ('ftp://user:geheim@push.test/', 'ftp://...@push.test/'), ('https://user:gehe@im@push_.test/', 'https://...@push_.test/'),
                         ('https://geheim@', 'https://...@')):
        done = start('--push-url', value)
        text = done.stderr.decode()
        assert done.returncode == 2 and '--push-url' in text and shown in text and 'geh' not in text, done


def test_help_and_version_go_to_stdout():
    for args, word in ((['--help'], b'--listen'), (['--version'], b'0.')):
        done = start(*args)
        assert done.returncode == 0 and word in done.stdout and done.stderr == b'', done


def test_good_arguments_are_taken_in_both_spellings():
    with Daemon('--mode=proxy', '--store=memory', '--store', 'memory:1000000', '--max-calls=5', '--socket-header', 'X-Socket', '--federate', 'memory:1000000,192.0.2.1',
                '--set=case_sensitive=false', '--set', 'desc_time_order=1',
                '--set', 'tcp_persistent_flag=f', '--save', '', '--lookup=method-filtering', '--domain=location'):
        pass


def test_a_port_that_is_taken_is_told():
    port = free_port()
    for proto, kind in (('udp', socket.SOCK_DGRAM), ('tcp', socket.SOCK_STREAM)):
        with socket.socket(socket.AF_INET, kind) as taken, tempfile.TemporaryDirectory() as folder:
            taken.bind(('127.0.0.1', port))
            if proto == 'tcp':
                taken.listen()
            control = os.path.join(folder, 'c')
            done = start('--listen', '%s:127.0.0.1:%d' % (proto, port), '--control', control)
            text = done.stderr.decode()
            assert done.returncode == 1 and text.count('\n') == 1 and '--listen %s:127.0.0.1:%d' % (proto, port) in text, done
            assert not os.path.exists(control)


def test_an_address_that_is_not_ours_is_a_wrong_argument():
    for proto in ('udp', 'tcp'):
        value = proto + ':192.0.2.1:5060'
        done = start('--listen', value)
        text = done.stderr.decode()
        assert done.returncode == 2 and text.count('\n') == 1 and value in text and 'an address of this machine' in text, done


def test_the_control_path():
    with tempfile.TemporaryDirectory() as folder:
        listen = ['--listen', 'udp:127.0.0.1:0']
        path = os.path.join(folder, 'file')
        with open(path, 'w') as file:
            file.write('precious')
        done = start(*listen, '--control', path)
        assert done.returncode == 2 and done.stderr.count(b'\n') == 1 and path.encode() in done.stderr
        assert open(path).read() == 'precious'
        for wrong in (os.path.join(folder, 'no', 'such', 'folder'), os.path.join(path, 'x'), folder):
            done = start(*listen, '--control', wrong)
            assert done.returncode == 2 and done.stderr.count(b'\n') == 1 and wrong.encode() in done.stderr, done
            assert b'expected a path' in done.stderr
        assert os.listdir(folder) == ['file']
    with Daemon() as daemon:
        assert os.stat(daemon.path).st_mode & 0o777 == 0o600
        done = start(*listen, '--control', daemon.path)
        assert done.returncode == 1 and done.stderr.count(b'\n') == 1
        assert 'aors' in daemon.control('dump')


def test_a_stale_socket_is_replaced():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'c')
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        process = subprocess.Popen([BINARY, '--listen', 'udp:127.0.0.1:0', '--control', path], stdin=subprocess.DEVNULL)
        try:
            for _ in range(500):
                with socket.socket(socket.AF_UNIX) as probe:
                    if probe.connect_ex(path) == 0:
                        break
                time.sleep(0.01)
            else:
                raise AssertionError('nobody listens')
        finally:
            process.terminate()
            assert process.wait(10) == 0
        assert not os.path.exists(path)


def test_signals_end_it_cleanly():
    for sig in (signal.SIGTERM, signal.SIGINT):
        with Daemon() as daemon:
            peer, caller = daemon.peer(), daemon.peer('tcp')
            events = type(daemon.control)(daemon.path)
            events.send('events\nsho')
            peer.register('bob')
            # A call is ringing, and half a message is under way.
            caller.send(caller.request('INVITE', 'sip:bob@example.org', '<sip:a@example.org>;tag=1', '<sip:bob@example.org>', 'ringing', 1))
            peer.answer(peer.expect('INVITE'), 180)
            caller.expect(180)
            daemon.peer('tcp').send('REGISTER sip:example.org SIP/2.0\r\nVia')
            daemon.stop(sig)
            daemon.stop = lambda *_: None
            events.close()


def test_it_prints_nothing():
    with Daemon() as daemon:
        peer = daemon.peer()
        peer.register('alice')
        peer.send('garbage\r\n\r\n')
        peer.register('alice', ['<sip:@@>'])
        assert daemon.output() == ''


run(globals())
