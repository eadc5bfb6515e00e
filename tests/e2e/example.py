# SPDX-License-Identifier: MIT
"""What the tests of the two examples without a SIP stack share: a server on a port of its own, questions to it, and noise."""
import signal
import subprocess
from harness import BINARY, Peer, Skip, has_address

# A REGISTER that is well-formed.
HEAD = ['REGISTER sip:example.org SIP/2.0', 'Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport', 'From: <sip:alice@example.org>;tag=1',
        'To: <sip:alice@example.org>', 'Call-ID: x', 'CSeq: 9 REGISTER', 'Contact: <sip:a@192.0.2.66>', 'Content-Length: 0']


class Example:
    """A server that is stopped by SIGTERM, after which it must have ended well, soon and without a complaint."""

    def __init__(self, host, *arguments):
        if not has_address(host):
            raise Skip('this machine has no %s' % host)
        self.host, self.peers, self.port = host, [], None
        self.process = subprocess.Popen([BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def peer(self, **kw):
        self.peers.append(Peer(self.port, host=self.host, **kw))
        return self.peers[-1]

    def alive(self):
        return self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for peer in self.peers:
            peer.close()
        if self.alive():
            self.process.send_signal(signal.SIGTERM)  # a test may have sent one
        output, errors = (text.decode('latin-1') if text else '' for text in self.process.communicate(timeout=10))
        if kind is None:
            assert self.process.returncode == 0 and errors == '', (self.process.returncode, errors)
            self.said(output)
        elif errors:
            print(errors)

    def said(self, output):
        """Looks at what the server printed and the test did not read."""


def ask(peer, method, uri, cseq=1, headers=(), branch=None, to=None):
    """Sends a request and returns its octets and the answer."""
    data = peer.request(method, uri, '<sip:caller@example.net>;tag=1', to or '<%s>' % uri, 'call-1', cseq, headers, branch=branch)
    peer.send(data)
    return data, peer.recv()


def listed(peer, aor='alice'):
    answer = peer.register(aor, ())
    assert answer.code == 200, answer
    return sorted(c.split(';')[0] for c in answer.values('contact'))


def noise(draw):
    """Datagrams that no server should take: long, cut, and changed at random. None of them names alice."""
    whole = '\r\n'.join(HEAD).replace('sip:alice@example.org', 'sip:mallory@example.org').encode() + b'\r\n\r\n'
    made = [b'', b'\r\n', b'\r\n\r\n', b'\r', b'\0' * 1400, b'\xff' * 65507, b'\r\n' * 32000, b'a:b\r\n' * 13000, b':' * 65000 + b'\r\n\r\n']
    made += [whole[:-2] + b'X: ' + b'x' * 60000 + b'\r\n\r\n', whole[:-2] + b'v:' * 30000 + b'\r\n\r\n',
             whole[:-2] + b'm: <sip:a@h>\r\n' * 4000 + b'\r\n', b'REGISTER ', b'REGISTER \nTo', b'REGISTER \nT', b'INVITE ', b'INVITE  ']
    made += [whole.replace(b'Call-ID: x', b'Call-ID: ' + b'x' * 65000), whole.replace(b';rport', b';rport;x=' + b'y' * 65200)]
    made += [whole.replace(b'Via', b'\r\n'.join([b'Via: SIP/2.0/UDP 127.0.0.1;rport'] * 31 + [b'Via']))]
    made += [whole[:n] for n in range(len(whole))]
    for _ in range(1500):
        bad = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(bad))
            bad[at:at + draw.choice((0, 1, 1, 9))] = bytes(draw.choice(b'\r\n\t :;,<>"@%\0\xffv=0z') for _ in range(draw.choice((0, 1, 1, 1, 40))))
        made.append(bytes(bad))
    return made
