# SPDX-License-Identifier: MIT
"""A name server for the tests: A, AAAA and SRV records from a table, or silence."""
import contextlib
import socket
import struct
import threading

A, AAAA, SRV = 1, 28, 33


def encode(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\0'


def address(kind, text):
    return socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, text)


class NameServer:
    """records: {('host', A): ['192.0.2.1'], ('_sip._udp.host', SRV): [(priority, weight, port, target)]}. A name that maps to None is never
    answered; any other one does not exist. ttls: the lifetime of the records of a kind, by default a minute."""

    def __init__(self, records, ttls=()):
        self.records, self.ttls, self.asked = records, dict(ttls), []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                query, source = self.sock.recvfrom(4096)
                if not query:
                    return
                answer = self.answer(query)
                if answer:
                    self.sock.sendto(answer, source)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        kind = struct.unpack('!H', query[at + 1:at + 3])[0]
        name, question = '.'.join(labels), query[12:at + 5]
        self.asked.append((name, kind))
        if any(key[0] == name and value is None for key, value in self.records.items()):
            return None
        found = self.records.get((name, kind), [])
        exists = any(key[0] == name for key in self.records)
        rows = b''
        for record in found:
            data = address(kind, record) if kind in (A, AAAA) else struct.pack('!HHH', *record[:3]) + encode(record[3])
            rows += b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, self.ttls.get(kind, 60), len(data)) + data
        head = query[:2] + struct.pack('!HHHHH', 0x8180 | (0 if exists else 3), 1, len(found), 0, 0)
        return head + question + rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.sendto(b'', self.sock.getsockname())
        self.thread.join(2)
        self.sock.close()
