#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The client of examples/try: a phone in a few lines. Exits with 1 when the answer is not the expected one."""
import json
import os
import socket
import sys

REGISTER = ('Contact: <sip:alice@192.0.2.17:5060;transport=udp>;q=0.7\r\nExpires: 1800\r\n', '200')
INVITE = ('Contact: <sip:bob@127.0.0.1>\r\n', '302')


def talk(method, host, port):
    extra, want = REGISTER if method == 'REGISTER' else INVITE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect((host, int(port)))
        own = '%s:%d' % s.getsockname()
        user = 'sip:alice@' + host
        tag = os.urandom(6).hex()
        uri = 'sip:' + host if method == 'REGISTER' else user
        sender = user if method == 'REGISTER' else 'sip:bob@' + host
        request = (f'{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{tag}\r\nMax-Forwards: 70\r\n'
                   f'From: <{sender}>;tag={tag}\r\nTo: <{user}>\r\nCall-ID: {tag}@{host}\r\nCSeq: 1 {method}\r\n{extra}'
                   'Content-Length: 0\r\n\r\n')
        print(''.join('> ' + line + '\n' for line in request.strip().split('\r\n')))
        s.send(request.encode())
        status = '100'
        while status.startswith('1'):
            reply = s.recv(65536).decode()
            status = reply.split(' ')[1]
        print(''.join('< ' + line + '\n' for line in reply.strip().split('\r\n')), end='')
        if method == 'INVITE':
            to = next(line for line in reply.split('\r\n') if line.lower().startswith('to:'))
            s.send((f'ACK {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{tag}\r\nMax-Forwards: 70\r\n'
                    f'From: <{sender}>;tag={tag}\r\n{to}\r\nCall-ID: {tag}@{host}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n').encode())
        return status == want and '192.0.2.17' in reply


def control(path, command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(5)
        s.connect(path)
        s.sendall(command.encode() + b'\n')
        answer = json.loads(s.makefile().readline())
        print(json.dumps(answer, indent=2))
        return len(answer['contacts']) == 1


def main():
    verb, *rest = sys.argv[1:]
    done = control(*rest) if verb == 'control' else talk({'register': 'REGISTER', 'call': 'INVITE'}[verb], *rest)
    return 0 if done else 1


sys.exit(main())
