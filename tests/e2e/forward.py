# SPDX-License-Identifier: MIT
"""A proxy forwards what it need not understand (RFC 3261 §16.3 step 1): header lines as they are, in requests and responses."""
from call import Call, contact, pair
from harness import Daemon, Message, run

# Malformed or unusual forms that phones send, and headers that may stand only once, twice.
LINES = [
    'Date: Wed, 18 Aug 2021 14:43:48 UTC', 'Date: Wed, 18 Aug 2021 14:43:48 +0100', 'Date: now', 'Date: now', 'Timestamp: now', 'Timestamp: 1 2 3',
    'Accept: application/sdp;', 'Accept: ,', 'Accept-Encoding: gzip deflate', 'Accept-Language: de_DE;;', 'Allow: INVITE;ACK', 'Allow: INVITE ACK BYE',
    'Supported: timer;100rel', 'k: timer 100rel', 'Unsupported: ;', 'Session-Expires: ', 'x: 90;;refresher', 'Min-SE: ninety',
    'Reason: Q.850;cause=16;text=Normal call clearing', 'Authorization: Digest', 'Authorization: Basic =', 'WWW-Authenticate: Digest realm="open',
    'Content-Disposition: ;handling', 'Expires: 3600;x=y', 'Expires: ', 'Expires: 5', 'Min-Expires: -1', 'Priority: very urgent', 'Retry-After: soon',
    'Retry-After: 5 (in a meeting', 'Warning: 399 devnull', 'Event: ', 'o: presence;;', 'Subscription-State: ;reason', 'RSeq: one', 'RAck: 1',
    'Require: ;', 'User-Agent: \t caf\xe9 (unclosed', 'Server: ', 'Subject: \xff\xfe', 's: again', 'Alert-Info: http://x', 'Call-Info: <', 'Error-Info: >',
    'Refer-To: <sip:', 'Referred-By: ', 'Replaces: x', 'Join: ', 'SIP-If-Match: ', 'SIP-ETag: a b', 'P-Asserted-Identity: Bob sip:bob@example.org',
    'Privacy: ;;', 'Security-Client: x y', 'Identity: ', 'X-Anything \t:   as  it  is  ', 'Path: sip:x', 'Service-Route: x', 'History-Info: ',
    'Content-Type: application/sdp;', 'c: "application/sdp"', 'Content-Type: x', 'Contact: <sip:a@h:5060:5060>', 'RAck: 1 1', 'Request-Disposition: ;',
    'Proxy-Authenticate: Digest', 'Content-Language: ,', 'Content-Encoding: ', 'MIME-Version: one', 'Organization: ', 'In-Reply-To: <>', 'Proxy-Authorization: x',
    'Contact: Virtualis\xe9 <sip:x@192.0.2.1>', 'm: <sip:x@192.0.2.1', 'Folded: one\r\n two\r\n\tthree', 'Accept-Contact: *;;', 'P-Charging-Vector: =']


def lines_of(data):
    """The lines of a message with continuation lines, without the start line."""
    head = data.partition(b'\r\n\r\n')[0].decode('latin-1')
    out = []
    for line in head.split('\r\n')[1:]:
        if line[:1] in ' \t':
            out[-1] += '\r\n' + line
        else:
            out.append(line)
    return out


def expect_kept(peer, start, lines):
    """The next message that begins so has these lines, in this order, octet by octet."""
    while True:
        data = peer.raw()
        assert data is not None, 'expected %s with %s' % (start, lines)
        if data.startswith(start.encode()):
            break
    got = [line for line in lines_of(data) if line in lines]
    assert got == lines, (start, [line for line in lines if line not in got] or got)
    return Message.parse(data)


def exchange(a, b, lines):
    call = Call(a, headers=lines)
    invite = expect_kept(b, 'INVITE', lines)
    b.answer(invite, 180, headers=lines)
    expect_kept(a, 'SIP/2.0 180', lines)
    b.answer(invite, 200, headers=contact(b) + lines)
    ok = expect_kept(a, 'SIP/2.0 200', lines)
    for method, cseq in (('ACK', 1), ('BYE', 2)):
        call.in_dialog(method, ok, cseq, lines)
        bye = expect_kept(b, method, lines)
    b.answer(bye, 200, headers=lines)
    expect_kept(a, 'SIP/2.0 200', lines)
    call = Call(a, headers=lines)
    b.answer(expect_kept(b, 'INVITE', lines), 486, headers=lines)
    b.expect('ACK')
    call.ack_refusal(expect_kept(a, 'SIP/2.0 486', lines))


def test_headers_are_passed_on_as_they_are():
    with Daemon() as daemon:
        for proto in ('udp', 'tcp'):
            exchange(*pair(daemon, proto, proto), LINES)
            daemon.control('remove bob@example.org')


def test_so_is_each_of_them_alone_and_twice():
    with Daemon() as daemon:
        a, b = pair(daemon)
        for line in LINES:
            exchange(a, b, [line])
            exchange(a, b, [line, line])


# Lines of Vias of a request, and the same in what registrard sends: only received and rport of the first value change.
VIAS = [
    (['Via: SIP/2.0/UDP 192.0.2.9:5062;branch={branch};rport', 'Via: SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKq', 'Via: SIP/2.0/UDP 192.0.2.7'],
     ['SIP/2.0/UDP 192.0.2.9:5062;branch={branch};received=127.0.0.1;rport={port}', 'SIP/2.0/UDP 192.0.2.8;branch=z9hG4bKq', 'SIP/2.0/UDP 192.0.2.7']),
    (['Via: SIP/2.0/TLS host_1:5061;branch={branch};rport , SIP / 2.0 / UDP   h : 5061 ; x="a,b ; c" ,SIP/2.0/UDP  192.0.2.8', 'Via: SIP/2.0/UDP  192.0.2.7 ; a = b'],
     ['SIP/2.0/TLS host_1:5061;branch={branch};received=127.0.0.1;rport={port}, SIP / 2.0 / UDP   h : 5061 ; x="a,b ; c" ,SIP/2.0/UDP  192.0.2.8',
      'SIP/2.0/UDP  192.0.2.7 ; a = b']),
    (['v :\tSIP / 2.0 / uDp   first.example.com : 4000 ;  ttl = 16;maddr=192.0.2.1 ; branch = {branch} ;RPORT; Foo="x\\"y ; z"', 'v:SIP/2.0/tcp \t192.0.2.8'],
     ['SIP / 2.0 / uDp   first.example.com : 4000 ;  ttl = 16;maddr=192.0.2.1 ; branch = {branch} ; Foo="x\\"y ; z";received=127.0.0.1;rport={port}',
      'SIP/2.0/tcp \t192.0.2.8']),
]


def vias_of(data):
    return [line.partition(':')[2].strip() for line in lines_of(data) if line.partition(':')[0].strip().lower() in ('v', 'via')]


def send_with_vias(peer, method, uri, lines, branch, to=None):
    """Returns the Vias that registrard must send. lines: as in VIAS."""
    text = peer.request(method, uri, '<sip:a@example.net>;tag=a', to or '<%s>' % uri, branch, 1).split('\r\n')
    peer.send('\r\n'.join(text[:1] + lines[0] + text[2:]).replace('{branch}', branch))
    return [line.replace('{branch}', branch).replace('{port}', str(peer.port)) for line in lines[1]]


def expect_vias(peer, start, wanted, own=0):
    data = peer.raw()
    assert data.startswith(start) and vias_of(data)[own:] == wanted, (start, wanted, data)
    return Message.parse(data)


def test_vias_are_kept_in_order_and_octet_by_octet():
    with Daemon() as daemon:
        for proto in ('udp', 'tcp'):
            a, b = pair(daemon, proto, proto)
            for lines in VIAS:
                for method, uri in (('REGISTER', 'sip:example.org'), ('OPTIONS', 'sip:' + daemon.address), ('MESSAGE', 'sip:nobody@example.org')):
                    expect_vias(a, b'SIP/2.0 ', send_with_vias(a, method, uri, lines, a.branch()))
                branch = a.branch()
                wanted = send_with_vias(a, 'INVITE', 'sip:bob@example.org', lines, branch)
                expect_vias(a, b'SIP/2.0 100', wanted)
                invite = expect_vias(b, b'INVITE', wanted, 1)
                b.answer(invite, 180)
                expect_vias(a, b'SIP/2.0 180', wanted)
                # A phone may join all Vias to one line.
                invite.headers = [('via', ', '.join(invite.all('via')))] + [h for h in invite.headers if h[0] != 'via']
                b.answer(invite, 486)
                b.expect('ACK')
                refusal = a.expect(486)
                joined = ','.join(refusal.all('via')), ','.join(wanted)
                assert ''.join(joined[0].split()).lower() == ''.join(joined[1].split()).lower(), refusal
                send_with_vias(a, 'ACK', 'sip:bob@example.org', lines, branch, refusal.get('to'))
            daemon.control('remove bob@example.org')


run(globals())
