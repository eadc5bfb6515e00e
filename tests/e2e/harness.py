# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: a registrard of their own, and just enough SIP to talk to it."""
import contextlib
import itertools
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

BINARY = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else 'registrard'
STORE = 'memory'  # of each registrard that a test gives no --store; `--store redis` behind the program: a Redis server of the tests' own
if '--store' in sys.argv[2:]:
    at = sys.argv.index('--store', 2)
    STORE = sys.argv[at + 1]
    del sys.argv[at:at + 2]
serial = itertools.count(1)
SHORT = {'v': 'via', 'f': 'from', 't': 'to', 'i': 'call-id', 'm': 'contact', 'l': 'content-length', 'c': 'content-type', 's': 'subject'}


class Skip(Exception):
    """Raised by a test that cannot run here; says why."""


def has_address(host):
    """Whether this machine talks to itself by that address."""
    try:
        with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0))
            sock.sendto(b'x', sock.getsockname())
        return True
    except OSError:
        return False


# Below the ports that the kernel hands out by itself, and beside those of the media: no socket of a client gets one of these.
PORTS = range(24000, 32000)
taken_ports = []  # sockets whose abstract names keep other test processes off the ports of this one, until it ends


def free_port(host='127.0.0.1'):
    """A port that is free for UDP and TCP, and that no test that runs beside this one gets."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    for _ in range(1000):
        port = random.choice(PORTS)
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind('\0rgstr-port-%d' % port)
            with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
                tcp.bind((host, port))
                udp.bind((host, port))
        except OSError:
            claim.close()
            continue
        taken_ports.append(claim)
        return port
    raise RuntimeError('no port is free')


class Message:
    """A SIP message: start line, headers in order, body."""

    def __init__(self, start, headers, body=b''):
        self.start, self.headers, self.body = start, headers, body

    @staticmethod
    def parse(data):
        head, _, body = data.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(':')
            headers.append((SHORT.get(name.strip().lower(), name.strip().lower()), value.strip()))
        return Message(lines[0], headers, body)

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def values(self, name):
        """Every value of a list header, commas inside quotes and angle brackets left alone."""
        out = []
        for line in self.all(name):
            out += [v.strip() for v in re.findall(r'(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+', line)]
        return out

    def get(self, name):
        found = self.all(name)
        return found[0] if found else None

    @property
    def code(self):
        return int(self.start.split()[1]) if self.start.startswith('SIP/2.0 ') else 0

    @property
    def method(self):
        return None if self.code else self.start.split()[0]

    @property
    def uri(self):
        return self.start.split()[1]

    def tag(self, name):
        found = re.search(r';\s*tag=([^;\s]+)', self.get(name))
        return found.group(1) if found else None

    def __repr__(self):
        return '\n'.join([self.start] + ['%s: %s' % h for h in self.headers])


class Peer:
    """A socket that speaks SIP, UDP or TCP."""

    def __init__(self, port, proto='udp', host='127.0.0.1', own_port=0):
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.proto, self.server, self.buffer = proto, (host, port), b''
        self.sock = socket.socket(family, socket.SOCK_DGRAM if proto == 'udp' else socket.SOCK_STREAM)
        if proto == 'udp':
            self.sock.bind((host, own_port))
        else:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind((host, own_port))
            self.sock.connect(self.server)
        shown = '[%s]' % host if ':' in host else host
        self.port = self.sock.getsockname()[1]
        self.address = '%s:%d' % (shown, self.port)
        self.target = '%s:%d' % (shown, port)
        self.uri = 'sip:%s%s' % (self.address, '' if proto == 'udp' else ';transport=tcp')

    def close(self):
        self.sock.close()

    def send(self, data):
        if isinstance(data, str):
            data = data.encode('latin-1')
        if self.proto == 'udp':
            self.sock.sendto(data, self.server)
        else:
            self.sock.sendall(data)

    def _frame(self):
        head, sep, rest = self.buffer.lstrip(b'\r\n').partition(b'\r\n\r\n')
        if not sep:
            return None
        length = Message.parse(head + sep).get('content-length')
        length = int(length or 0)
        if len(rest) < length:
            return None
        self.buffer = rest[length:]
        return head + sep + rest[:length]

    def raw(self, timeout=3):
        end = time.monotonic() + timeout
        while True:
            if self.proto == 'tcp':
                data = self._frame()
                if data:
                    return data
            ready = select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                return None
            data = self.sock.recv(70000)
            if self.proto == 'udp':
                if data.strip():
                    return data
            elif not data:
                return None
            else:
                self.buffer += data

    def recv(self, timeout=3):
        """The next message that is not a 100, or None."""
        end = time.monotonic() + timeout
        while True:
            data = self.raw(max(0, end - time.monotonic()))
            if data is None:
                return None
            message = Message.parse(data)
            if message.code != 100:
                return message

    def expect(self, what, timeout=3):
        """The next message must be this method or code; retransmissions of other requests are passed over."""
        end = time.monotonic() + timeout
        seen = []
        while time.monotonic() < end:
            message = self.recv(end - time.monotonic())
            if message is None:
                break
            if message.method == what or message.code == what:
                return message
            seen.append(message.start)
        raise AssertionError('expected %s, got %s' % (what, seen or 'nothing'))

    def silent(self, timeout=0.4):
        message = self.recv(timeout)
        assert message is None, 'expected nothing, got %s' % message.start

    def branch(self):
        return 'z9hG4bK-%d-%d' % (self.port, next(serial))

    def request(self, method, uri, frm, to, callid, cseq, headers=(), body='', branch=None, forwards=70):
        lines = ['%s %s SIP/2.0' % (method, uri),
                 'Via: SIP/2.0/%s %s;branch=%s;rport' % (self.proto.upper(), self.address, branch or self.branch()),
                 'From: %s' % frm, 'To: %s' % to, 'Call-ID: %s' % callid, 'CSeq: %d %s' % (cseq, method)]
        if forwards is not None:
            lines.append('Max-Forwards: %d' % forwards)
        lines += list(headers)
        return '\r\n'.join(lines + ['Content-Length: %d' % len(body), '', body])

    def answer(self, request, code, phrase='X', tag='t', headers=(), body=''):
        lines = ['SIP/2.0 %d %s' % (code, phrase)]
        for name, value in request.headers:
            if name in ('via', 'from', 'call-id', 'cseq', 'record-route'):
                lines.append('%s: %s' % (name, value))
            elif name == 'to':
                lines.append('To: %s' % (value if 'tag=' in value or code == 100 else '%s;tag=%s-%d' % (value, tag, self.port)))
        self.send('\r\n'.join(lines + list(headers) + ['Content-Length: %d' % len(body), '', body]))

    def register(self, aor, contacts=None, callid=None, cseq=1, headers=(), send_only=False, domain='example.org'):
        """REGISTERs and returns the answer. contacts: Contact values; None = this socket; () = a query."""
        contacts = ['<sip:%s@%s>' % (aor.split('@')[0], self.address)] if contacts is None else contacts
        aor = aor if '@' in aor else '%s@%s' % (aor, domain)
        callid = callid or 'reg-%d-%d' % (self.port, next(serial))
        self.send(self.request('REGISTER', 'sip:' + aor.split('@')[1], '<sip:%s>;tag=r%d' % (aor, next(serial)), '<sip:%s>' % aor,
                               callid, cseq, ['Contact: %s' % c for c in contacts] + list(headers)))
        answer = None if send_only else self.recv()
        while answer and answer.get('call-id') != callid:  # sent by the server of another test to whoever had this port before
            answer = self.recv()
        return answer


class Control:
    """A connection to the control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.buffer = b''

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self, timeout=3):
        end = time.monotonic() + timeout
        while b'\n' not in self.buffer:
            if not select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
                return None
            data = self.sock.recv(1 << 20)
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        return json.loads(line)

    def ended(self):
        """Whether the other side has closed the connection."""
        return select.select([self.sock], [], [], 3)[0] and not self.sock.recv(1)

    def __call__(self, command, timeout=3):
        self.send(command + '\n')
        answer = self.line(timeout)
        assert isinstance(answer, dict), 'no answer to %r' % command
        return answer

    def show(self, aor):
        answer = self('show ' + aor)
        assert 'contacts' in answer, answer
        return answer['contacts']

    def close(self):
        self.sock.close()


def store_arguments(args):
    """A --store for a registrard with these arguments: on Redis, each gets keys of its own on one server."""
    if STORE == 'memory' or any(arg.split('=')[0] == '--store' for arg in args):
        return []
    import redis_server
    return ['--store', redis_server.shared().store('d%d' % next(serial))]


class Daemon:
    """A registrard on ports of its own; stopped by SIGTERM, after which it must have left no socket, and have been silent, unless a test
    logs: then it has said at least one line, and nothing but lines of log."""

    LINE = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug) \S.*')

    def __init__(self, *args, listen=('udp', 'tcp'), host='127.0.0.1', stopped=True, logs=False, port=None):
        if not has_address(host):
            raise Skip('this machine has no %s' % host)
        self.port = port or free_port(host)
        self.folder = tempfile.mkdtemp(prefix='registrard-')
        self.path = os.path.join(self.folder, 'control')
        self.peers, self.check, self.logs = [], stopped, logs
        self.host = host
        shown = '[%s]' % host if ':' in host else host
        self.address = '%s:%d' % (shown, self.port)
        command = [BINARY, '--control', self.path]
        for proto in listen:
            command += ['--listen', '%s:%s' % (proto, self.address)]
        command += store_arguments(args)
        self.errors = open(os.path.join(self.folder, 'stderr'), 'w+b')
        self.process = subprocess.Popen(command + list(args), stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        end = time.monotonic() + 10
        while not os.path.exists(self.path):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError('registrard did not start: %s' % self.output())
            time.sleep(0.01)
        self.control = Control(self.path)

    def output(self):
        self.errors.seek(0)
        return self.errors.read().decode('latin-1')

    def peer(self, proto='udp', **kw):
        peer = Peer(self.port, proto, self.host, **kw)
        self.peers.append(peer)
        return peer

    def memory(self):
        """What the process has in memory, in kB."""
        return int(re.search(r'VmRSS:\s+(\d+)', open('/proc/%d/status' % self.process.pid).read()).group(1))

    def alive(self):
        return self.process.poll() is None

    def stop(self, sig=signal.SIGTERM):
        started = time.monotonic()
        assert self.alive(), 'registrard died: %s\n%s' % (self.process.returncode, self.output())
        self.process.send_signal(sig)
        status = self.process.wait(10)
        took = time.monotonic() - started
        output = self.output()
        assert status == 0, 'exit status %s\n%s' % (status, output)
        assert took < 5, 'took %.1f s to stop' % took
        if self.logs:
            assert output and all(self.LINE.fullmatch(line) for line in output.splitlines()), output
        else:
            assert output == '', output
        assert not os.path.exists(self.path), 'the control socket was left behind'

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
        finally:
            if self.alive():
                self.process.kill()
                self.process.wait()
            if kind is not None:
                print(self.output(), file=sys.stderr)
            for peer in self.peers:
                peer.close()
            self.control.close()
            self.errors.close()
            with contextlib.suppress(OSError):
                for name in os.listdir(self.folder):
                    os.unlink(os.path.join(self.folder, name))
                os.rmdir(self.folder)


def resident(daemon):
    """The bytes of memory that a registrard has."""
    with open('/proc/%d/status' % daemon.process.pid) as status:
        return int(re.search(r'VmRSS:\s+(\d+) kB', status.read()).group(1)) * 1024


def is_sanitized():
    """Whether registrard runs under AddressSanitizer, which keeps what is freed."""
    with open(BINARY, 'rb') as binary:
        return b'__asan_init' in binary.read()


def run(scope):
    """Runs every function of a test file whose name begins with `test_`. Exits with 77 when one was skipped and none failed."""
    only = sys.argv[2:]
    failed = skipped = 0
    if not has_address('127.0.0.1'):
        print('there is no network, not even 127.0.0.1')
        sys.exit(77)
    for name, function in list(scope.items()):
        if not name.startswith('test_') or (only and name not in only):
            continue
        started = time.monotonic()
        try:
            function()
            print('ok   %s (%.1f s)' % (name, time.monotonic() - started), flush=True)
        except Skip as reason:
            print('skip %s: %s' % (name, reason), flush=True)
            skipped += 1
        except Exception as error:  # each scenario is reported, and the others run all the same
            import traceback
            traceback.print_exc()
            print('FAIL %s: %s' % (name, error), flush=True)
            failed += 1
    sys.exit(1 if failed else 77 if skipped else 0)
