#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is built for use is hardened: read from the ELF files, because a flag on a command line may be overruled by a later one.

usage: hardening.py [--cet] [--seeded] FILE...
--cet: the compiler has -fcf-protection. --seeded: the files are built without any of this; each check has to notice it.
"""
import re
import subprocess
import sys

ENDBR64 = b'\xf3\x0f\x1e\xfa'
# What FORTIFY puts a __…_chk() in the place of. A library that calls none of them has nothing to fortify.
FORTIFIED = set('''memcpy memmove memset mempcpy strcpy strncpy stpcpy strcat strncat sprintf snprintf vsprintf vsnprintf printf fprintf
    vprintf vfprintf read pread recv recvfrom poll fread fgets realpath'''.split())


def readelf(path, *options):
    return subprocess.run(['readelf', '-W', *options, path], check=True, capture_output=True, text=True).stdout


class Elf:
    def __init__(self, path):
        self.path = path
        self.kind = re.search(r'^\s*Type:\s+(\w+)', readelf(path, '-h'), flags=re.M).group(1)
        self.segments = re.findall(r'^  (\w+)\s+0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x\w+ (...) ', readelf(path, '-l'), flags=re.M)
        self.flags = ' '.join(re.findall(r'\((?:FLAGS|FLAGS_1)\)\s+(.*)', readelf(path, '-d')))
        self.symbols = re.findall(r'^\s*\d+: (\w+)\s+\d+ FUNC\s+(\w+)\s+\w+\s+(\w+) ([^@\s]+)', readelf(path, '-s'), flags=re.M)
        self.imports = {name for _, _, section, name in self.symbols if section == 'UND'}
        self.interpreted = any(s[0] == 'INTERP' for s in self.segments)

    def permissions(self, segment):
        return [s[4] for s in self.segments if s[0] == segment]

    def starts(self):
        """The first octets of each function that other files can call, or of main()."""
        with open(self.path, 'rb') as file:
            data = file.read()
        wanted = {int(value, 16) for value, bind, section, name in self.symbols
                  if section != 'UND' and (name == 'main' if self.interpreted else bind == 'GLOBAL' and name.startswith('rg_'))}
        for address in wanted:
            for kind, offset, virtual, size, _ in self.segments:
                at = address - int(virtual, 16)
                if kind == 'LOAD' and 0 <= at < int(size, 16):
                    yield data[int(offset, 16) + at:int(offset, 16) + at + 4]


def starts_are_marked(elf):
    starts = list(elf.starts())
    return bool(starts) and all(start == ENDBR64 for start in starts)


CHECKS = [
    ('position independent', lambda e: e.kind == 'DYN' and (not e.interpreted or 'PIE' in e.flags)),
    ('relocations read-only after the start', lambda e: e.permissions('GNU_RELRO') != []),
    ('every symbol bound at the start', lambda e: 'BIND_NOW' in e.flags or re.search(r'Flags:.*\bNOW\b', e.flags) is not None),
    ('stack not executable', lambda e: [p for p in e.permissions('GNU_STACK') if 'E' not in p] != []),
    ('stack protector', lambda e: '__stack_chk_fail' in e.imports),
    ('FORTIFY', lambda e: any(re.fullmatch(r'__\w+_chk', name) for name in e.imports) or not e.imports & FORTIFIED),
]


def main():
    args = sys.argv[1:]
    options = {a for a in args if a.startswith('--')}
    files = [Elf(a) for a in args if a not in options]
    checks = CHECKS + ([('targets of indirect calls marked', starts_are_marked)] if '--cet' in options else [])
    seeded = '--seeded' in options
    bad = [f'{elf.path}: {name}: {"not noticed" if seeded else "no"}' for elf in files for name, holds in checks if holds(elf) == seeded]
    print('\n'.join(bad) or f'{len(checks)} checks on {len(files)} files')
    return 1 if bad or not files else 0


sys.exit(main())
