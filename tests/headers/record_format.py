#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doc/record-format.md suffices to compute what nodes store and compare: this program follows its text, without the library, and comes to the
values of its examples. The unit tests compare the library with the same examples.

usage: record_format.py SOURCE_DIR [--print]
--print  writes the examples with the values that are computed here.
"""
import ipaddress
import re
import sys

ALL = (1 << 64) - 1


def rotl(x, k):
    return (x << k | x >> (64 - k)) & ALL


def mix(h, w):
    w = rotl(w * 0x9e3779b97f4a7c15 & ALL, 31) * 0xc2b2ae3d27d4eb4f & ALL
    return (rotl(h ^ w, 27) * 0x9fb21c651e98df25 + 0x52dce729) & ALL


def add(h, kind, value):
    h = mix(h, kind * 2**56 + len(value))
    for at in range(0, len(value), 8):
        h = mix(h, int.from_bytes(value[at:at + 8], 'little'))
    h = (h ^ h >> 33) * 0xff51afd7ed558ccd & ALL
    return h ^ h >> 33


def split(header):
    """The values of a header: a comma separates unless it is in a quoted string or between < and >."""
    values, begin, at = [], 0, 0
    while at < len(header):
        c = header[at:at + 1]
        if c == b',':
            values.append(header[begin:at])
            begin = at + 1
        elif c == b'<':
            at = header.find(b'>', at)
        elif c == b'"':
            closed = re.compile(rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"').match(header, at)
            at = closed.end() - 1 if closed else -1
        if at < 0:
            break
        at += 1
    return [v.strip(b' \t') for v in values + [header[begin:]]]


def register_hash(lines):
    headers = [(name.lower(), value) for name, value in (line.split(b':', 1) for line in lines)]
    h = 0
    for kind, names, splits in (1, (b'contact', b'm'), True), (2, (b'expires',), False), (3, (b'path',), True):
        for name, text in headers:
            for value in (split(text) if splits else [text.strip(b' \t')]) if name in names else []:
                h = add(h, kind, value)
    return h


def address(text):
    """The text of an address, and whether it is in brackets."""
    ip = ipaddress.ip_address(text)
    mapped = ip.version == 6 and ip.ipv4_mapped
    if mapped:
        return str(mapped)
    return f'[{ip.compressed}]' if ip.version == 6 else str(ip)


def hop(uri):
    scheme, host, port, params = re.fullmatch(r'(sips?):(?:[^@]*@)?(\[[^\]]*\]|[^:;]*)(?::(\d+))?((?:;.*)?)', uri, re.I).groups()
    secure = scheme.lower() == 'sips' or re.search(r';transport=(tls|wss)(;|$)', params, re.I)
    try:
        host = address(host.strip('[]'))
    except ValueError:
        host = host.lower().removesuffix('.')
    return f'{host}:{port or (5061 if secure else 5060)}'


def home(text):
    if re.match(r'sips?:', text, re.I):
        return text
    return f'sip:[{text}]' if re.fullmatch(r'[0-9a-fA-F.:]*:[0-9a-fA-F.:]*:[0-9a-fA-F.:]*', text) else f'sip:{text}'


def registers(block):
    lines = block.rstrip(b'\n').split(b'\n')
    return b'\n'.join([b'0x%016x' % register_hash(lines[1:])] + lines[1:]) + b'\n'


def adds(block):
    rows = re.findall(rb'^(\d+) "(.*)" +(?:0x\w+)$', block, flags=re.M)
    return b''.join(b'%s "%s" 0x%016x\n' % (kind, text, add(0, int(kind), text)) for kind, text in rows)


def hops(block):
    rows = [line.split()[0].decode() for line in block.splitlines()]
    return b''.join(f'{uri:<33} {hop(uri)}\n'.encode() for uri in rows)


def homes(block):
    rows = [line.split()[0].decode() for line in block.splitlines()]
    return b''.join(f'{text:<31} {home(text):<31} 0x{add(0, 1, home(text).encode()) | 1:016x}\n'.encode() for text in rows)


# How each kind of block is computed, how many blocks there are at least, and how many lines all of them have together.
KINDS = {b'register': (registers, 8, 24), b'add': (adds, 1, 8), b'hops': (hops, 1, 8), b'homes': (homes, 1, 4)}


def main():
    page = open(f'{sys.argv[1]}/doc/record-format.md', 'rb').read()
    bad = []
    for kind, (compute, least, lines) in KINDS.items():
        blocks = re.findall(rb'^```' + kind + rb'\n(.*?)^```$', page, flags=re.M | re.S)
        if len(blocks) < least or sum(b.count(b'\n') for b in blocks) < lines:
            bad.append(f'{len(blocks)} blocks of {kind.decode()} are too few, or too short')
        for block in blocks:
            computed = compute(block)
            if '--print' in sys.argv:
                print(f'```{kind.decode()}\n{computed.decode()}```')
            elif computed != block:
                bad.append(f'{kind.decode()}: the page has\n{block.decode()}but its text says\n{computed.decode()}')
    print('\n'.join(bad) or f'the examples of {len(KINDS)} kinds hold')
    return 1 if bad else 0


sys.exit(main())
