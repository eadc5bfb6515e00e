# SPDX-License-Identifier: MIT
"""A web server for the tests: it notes each POST, and answers as a script says. Certificates of an authority of its own, made by openssl."""
import contextlib
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='authority-')
        self.file = self.path('ca.pem')
        self.openssl('req', '-x509', '-subj', '/CN=authority', '-keyout', self.path('ca.key'), '-out', self.file, '-days', '2')

    def path(self, name):
        return os.path.join(self.folder.name, name)

    @staticmethod
    def openssl(*args):
        key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] if args[0] == 'req' else []
        subprocess.run(['openssl', args[0], *key, *args[1:]], check=True, capture_output=True, timeout=30)

    def certificate(self, name):
        """The files of a certificate for a name as "DNS:host" or "IP:192.0.2.1", and of its key."""
        key, request, names, out = (self.path('host.' + kind) for kind in ('key', 'csr', 'ext', 'pem'))
        with open(names, 'w') as file:
            file.write('subjectAltName=%s\n' % name)
        self.openssl('req', '-subj', '/CN=host', '-keyout', key, '-out', request)
        self.openssl('x509', '-req', '-in', request, '-CA', self.file, '-CAkey', self.path('ca.key'), '-CAcreateserial', '-days', '2',
                     '-extfile', names, '-out', out)
        return out, key


class WebServer:
    """answer: called with the number of the request (0 is the first) and its body; returns the bytes to send, or an iterator of bytes. When
    it returns None nothing is sent until the client goes away."""

    def __init__(self, answer=None, certificate=None, host='127.0.0.1', port=0):
        self.answer = answer or (lambda number, body: status(200))
        self.requests, self.open, self.most_open, self.peers = [], 0, 0, []
        self.changed = threading.Condition()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.sock = socket.create_server((host, port), family=socket.AF_INET6 if ':' in host else socket.AF_INET, backlog=128)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.sock.accept()
                threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with contextlib.suppress(OSError):
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
            with peer:
                with self.changed:
                    self.peers.append(peer)
                while self.turn(peer):
                    pass

    def read(self, peer):
        """The head and body of one request, or None."""
        data = b''
        while b'\r\n\r\n' not in data:
            more = peer.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b'\r\n\r\n')
        fields = dict(line.lower().split(': ', 1) for line in head.decode('latin-1').split('\r\n')[1:])
        while len(body) < int(fields['content-length']):
            more = peer.recv(65536)
            if not more:
                return None
            body += more
        return head.decode('latin-1'), fields, body

    def turn(self, peer):
        request = self.read(peer)
        if not request:
            return False
        with self.changed:
            number = len(self.requests)
            self.requests.append(request)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            self.changed.notify_all()
        try:
            answer = self.answer(number, request[2])
            if answer is None:
                peer.recv(1)
                return False
            for part in [answer] if isinstance(answer, bytes) else answer:
                peer.sendall(part)
            return isinstance(answer, bytes)
        finally:
            with self.changed:
                self.open -= 1
                self.changed.notify_all()

    def wait(self, n, seconds=20):
        """Waits until there were n requests."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= n, seconds), '%d requests of %d' % (len(self.requests), n)

    def bodies(self):
        with self.changed:
            return [body for _, _, body in self.requests]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        with self.changed:
            for peer in self.peers:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)


def status(code, *headers, body=b''):
    """A whole response."""
    lines = ['HTTP/1.1 %d X' % code, 'Content-Length: %d' % len(body), *headers]
    return '\r\n'.join(lines + ['', '']).encode() + body


def until(seconds=20):
    """Counts rounds of a condition that others bring about: `for _ in until(): if …: break`. Fails when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    raise AssertionError('it did not happen')
