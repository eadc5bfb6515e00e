#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doc/redis.md holds: its commands do on a real redis-server, with real records, what it says; its tables are those of the code.

A block `python` becomes the file that the text before it names. Blocks `console` are run in order: a line after `$ ` is a command, the lines below
are its output, where … stands for any text. `redis-cli` without `-h`, and `-h old`, is the server of the nodes; `-h new` is another one.
usage: page.py SOURCE_DIR PROGRAM      (PROGRAM: page.c)"""
import ctypes
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
from harness import free_port  # noqa: E402

ROOT, PROGRAM = map(os.path.abspath, sys.argv[1:3])
with open(f'{ROOT}/doc/redis.md') as file:
    PAGE = file.read()

SHIM = '''#!/bin/sh
old=%d new=%d port=$old
if [ "$1" = -h ]; then
	eval port=\\$$2
	shift 2
fi
if [ "$1" = REPLICAOF ] && [ "$2" != NO ]; then
	eval set -- REPLICAOF 127.0.0.1 \\$$2
fi
exec %s -p $port "$@"
'''

# As much of python3-msgpack as a record needs.
MSGPACK = '''
def unpackb(data, raw, unicode_errors):
    return value(data, 0)[0]

def items(data, at, n):
    out = []
    for _ in range(n):
        item, at = value(data, at)
        out.append(item)
    return out, at

def value(data, at):
    b, at = data[at], at + 1
    number = lambda n, signed=False: (int.from_bytes(data[at:at + n], 'big', signed=signed), at + n)
    octets = lambda n, at, text: (data[at:at + n].decode(errors='surrogateescape') if text else data[at:at + n], at + n)
    pairs = lambda n, at: (lambda flat: (dict(zip(flat[0][::2], flat[0][1::2])), flat[1]))(items(data, at, 2 * n))
    if b < 0x80: return b, at
    if b < 0x90: return pairs(b & 15, at)
    if b < 0xa0: return items(data, at, b & 15)
    if b < 0xc0: return octets(b & 31, at, True)
    if b in (0xc4, 0xc5, 0xc6): n, at = number(1 << b - 0xc4); return octets(n, at, False)
    if b in (0xcc, 0xcd, 0xce, 0xcf): return number(1 << b - 0xcc)
    if b in (0xd0, 0xd1, 0xd2, 0xd3): return number(1 << b - 0xd0, True)
    if b in (0xd9, 0xda, 0xdb): n, at = number(1 << b - 0xd9); return octets(n, at, True)
    if b in (0xdc, 0xdd): n, at = number(2 << b - 0xdc); return items(data, at, n)
    if b in (0xde, 0xdf): n, at = number(2 << b - 0xde); return pairs(n, at)
    raise ValueError(hex(b))
'''


def dies_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def until(what, truth):
    deadline = time.monotonic() + 20
    while not truth():
        if time.monotonic() > deadline:
            sys.exit(f'{what}: not within 20 seconds')
        time.sleep(0.02)


class Node:
    """A process with a registrar on the server."""

    def __init__(self, address):
        self.stderr = tempfile.TemporaryFile('a+')
        self.process = subprocess.Popen([PROGRAM, address, 'registrard'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr, text=True, preexec_fn=dies_with_us)

    def ask(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def log(self):
        self.stderr.seek(0)
        return self.stderr.read()

    def ready(self):
        return self.ask('state').startswith('2 ')

    def close(self):
        self.process.stdin.close()
        if self.process.wait(20):
            sys.exit(f'a node ended with {self.process.returncode}')


class Scene:
    def __init__(self, folder):
        self.folder, self.ports = folder, (free_port(), free_port())
        self.env = dict(os.environ, PATH=folder + ':' + os.environ['PATH'], PYTHONPATH=folder)
        self.write('redis-cli', SHIM % (*self.ports, shutil.which('redis-cli')))
        with open(folder + '/msgpack.py', 'w') as module:
            module.write(MSGPACK)
        for port in self.ports:
            os.mkdir(f'{folder}/{port}')
            subprocess.Popen(['redis-server', '--port', str(port), '--bind', '127.0.0.1', '--save', '', '--repl-diskless-sync-delay', '0',
                              '--dir', f'{folder}/{port}'], stdout=subprocess.DEVNULL, preexec_fn=dies_with_us)
        for host in 'old', 'new':
            until('a server', lambda: self.run(f'redis-cli -h {host} PING') == 'PONG')

    def address(self, host='old', query=''):
        return 'redis://127.0.0.1:%d%s' % (self.ports[host == 'new'], query)

    def write(self, name, text):
        with open(f'{self.folder}/{name}', 'w') as script:
            script.write(text)
        os.chmod(f'{self.folder}/{name}', 0o755)

    def run(self, command):
        return subprocess.run(['sh', '-c', command], cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60).stdout.rstrip('\n')


def matches(want, got):
    return re.fullmatch('.*'.join(map(re.escape, want.split('…'))), got)


def commands(title):
    """The commands of a section with what they print."""
    section = re.search(rf'^###? {title}\n(.*?)(?=^##|\Z)', PAGE, re.M | re.S)
    if not section:
        sys.exit(f'there is no section {title}')
    found = []
    for block in re.findall(r'^```console\n(.*?)^```', section[1], re.M | re.S):
        for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
            command, _, output = part.partition('\n')
            found.append((command, output.rstrip('\n')))
    if not found:
        sys.exit(f'{title}: there is no command')
    return found


def follow(scene, title):
    """Runs the commands of a section."""
    for command, want in commands(title):
        got = scene.run(command)
        if not matches(want.replace('KEY', '…'), got):
            sys.exit(f'{title}: $ {command}\n{got}\ninstead of\n{want}')


def expect(what, got, want):
    if got != want:
        sys.exit(f'{what}: {got!r} instead of {want!r}')


def files(scene):
    blocks = re.findall(r'`([a-z-]+)`[^`]*^```python\n(.*?)^```', PAGE, re.M | re.S)
    expect('the scripts of the page', len(blocks), PAGE.count('```python\n'))
    for name, text in blocks:
        scene.write(name, text)


def records(scene, node):
    for user, seconds in ('alice', 3600), ('bob', 3600), ('carol', 300):
        host = {'alice': 17, 'bob': 18, 'carol': 19}[user]
        expect('a save', node.ask(f'save {user} sip:{user}@192.0.2.{host}:5060 {seconds}'), '0 200')
    for title in ('Which node holds which connection', 'Find the record of a user', 'Read a record', 'Count', 'Who is due',
                  'Who is behind an address'):
        follow(scene, title)


def removed(scene, node):
    follow(scene, 'Remove a user')
    expect('the user is gone', node.ask('lookup bob'), '0 0')
    expect('the phone comes back', node.ask('save bob sip:bob@192.0.2.18:5060 3600'), '0 200')
    expect('the phone is found', node.ask('lookup bob'), '0 1')


def emptied(scene, node):
    before = scene.run("redis-cli GET '{rgstr}:schema'")
    follow(scene, 'Empty the server')
    until('the node notices', lambda: 'emptied' in node.log())
    until('a schema', lambda: scene.run("redis-cli GET '{rgstr}:schema'"))
    if scene.run("redis-cli GET '{rgstr}:schema'") == before:
        sys.exit('the data set has the UUID of the one before')
    expect('the user is gone', node.ask('lookup alice'), '0 0')
    expect('the phone comes back', node.ask('save alice sip:alice@192.0.2.17:5060 3600'), '0 200')
    expect('the phone is found', node.ask('lookup alice'), '0 1')


def moved(scene, node):
    follow(scene, 'Move to another server')
    until('the node notices', lambda: not node.ask('save alice sip:alice@192.0.2.17:5060 3600').endswith('200') and 'READONLY' in node.log())
    other = Node(scene.address('new'))
    until('a node on the new server', other.ready)
    expect('the phone is found on the new server', other.ask('lookup alice'), '0 1')
    other.close()
    scene.run('redis-cli -h old REPLICAOF NO ONE')
    until('the node comes back', node.ready)


def other_buckets(scene):
    refused = Node(scene.address(query='?buckets=256'))
    until('a reason', lambda: 'buckets' in refused.ask('state'))
    expect('refused', refused.ready(), False)
    refused.close()
    other = Node(scene.address(query='?prefix=rgstr2&buckets=256'))
    until('a node with another prefix', other.ready)
    expect('a save', other.ask('save alice sip:alice@192.0.2.17:5060 3600'), '0 200')
    follow(scene, 'Change the number of buckets')
    left = scene.run('redis-cli --scan').split('\n')
    expect('the keys of the old prefix', [key for key in left if not key.startswith('{rgstr2')], [])
    expect('the record of the other prefix', sum(':r:8:5:location/alice@example.org' in key for key in left), 1)
    other.close()


def uses_every_member(scene):
    """As the user of the page. @return "0" when nothing failed and nothing was refused, else what."""
    scene.run('redis-cli ACL LOG RESET; redis-cli FLUSHALL; redis-cli -n 1 ZADD ' + ' 4e12 '.join(scene.gone))
    node = Node(scene.address(query='/1?buckets=4').replace('//', '//node:secret@'))
    refused = lambda: scene.run('redis-cli ACL LOG')  # noqa: E731
    until('an answer to the greeting', lambda: node.ready() or refused())
    if not refused():
        scene.run('redis-cli SCRIPT FLUSH')
        node.process.stdin.write('every\n')
        node.process.stdin.flush()
        until('the work of every member', lambda: select.select([node.process.stdout], [], [], 0.1)[0] or refused())
    said = refused() or node.process.stdout.readline().strip()
    node.process.kill()
    node.process.wait()
    return said


def access(scene):
    """The rules suffice, and each of them is needed."""
    follow(scene, 'Security')
    command = commands('Security')[0][0]
    # Members of one bucket without a record: walks clear them, on several pages.
    keys = [scene.run(f'./record-key location gone{i} example.org rgstr 4') for i in range(12)]
    fullest = max(keys, key=lambda key: sum(other[:9] == key[:9] for other in keys))[:9]
    scene.gone = ["'%s:d'" % fullest] + ["'%s'" % key.partition(':r:')[2] for key in keys if key[:9] == fullest]
    expect(f'Security: with {command}', uses_every_member(scene), '0')
    rules = re.findall(r" ([+~&][^ ]+|'[~&+][^']+')", command)
    for rule in rules[:-1]:  # the last one is PING, which a connection of watches sends after a while without messages
        scene.run('redis-cli ACL DELUSER node')
        expect('the user without ' + rule, scene.run(command.replace(' ' + rule, '', 1)), 'OK')
        if uses_every_member(scene) == '0':
            sys.exit(f'Security: {rule} is not needed')
    return len(rules)


def parameters(scene):
    """The table is that of the parser: names, defaults and ranges."""
    node = Node(scene.address())
    node.process.stdin.write('defaults\n')
    node.process.stdin.flush()
    defaults = dict(line.split() for line in iter(lambda: node.process.stdout.readline().strip(), ''))
    rows = re.findall(r'^\| `(\w+)` \| (.*?) \| `?(\w+)`? \| .* \|$', re.search(r'## The address\n.*?\n## ', PAGE, re.S)[0], re.M)
    expect('the parameters', {name: default for name, _, default in rows}, {k: v for k, v in defaults.items() if k != 'port'})
    for name, values, _ in rows:
        low, high = map(int, re.match(r'(\d+)–(\d+)', values).groups())
        accepted, refused = [low, high], [low - 1, high + 1]
        if name == 'prefix':
            accepted, refused = ['a' * low, 'a' * high, 'aZ9-_.:'], ['', 'a' * (high + 1), '{']
        for value in accepted + refused:
            run = subprocess.run([PROGRAM, scene.address(query=f'?{name}={value}')], stdin=subprocess.DEVNULL, capture_output=True)
            expect(f'{name}={value}', run.returncode, 0 if value in accepted else 1)
    node.close()


def statistics(node):
    node.process.stdin.write('statistics\n')
    node.process.stdin.flush()
    told = [line.split('\t') for line in iter(lambda: node.process.stdout.readline().strip(), '')]
    section = re.search(r'^## Statistics\n(.*?)^## ', PAGE, re.M | re.S)[1]
    expect('the statistics', [list(row) for row in re.findall(r'^\| `(\w+)` \| (.*) \|$', section, re.M)], told)


def main():
    with tempfile.TemporaryDirectory(prefix='rgstr-page-') as folder:
        scene = Scene(folder)
        files(scene)
        parameters(scene)
        node = Node(scene.address())
        until('a node', node.ready)
        statistics(node)
        records(scene, node)
        removed(scene, node)
        emptied(scene, node)
        moved(scene, node)
        other_buckets(scene)
        node.close()
        rules = access(scene)
        titles = re.findall(r'^###? (.*)\n(?:(?!^##).*\n)*?```console', PAGE, re.M)
        print(f'{len(titles)} sections with commands hold, {rules} rules of access are needed')


main()
