#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the Redis store costs. Starts redis-servers of its own, without persistence, on a unix socket: the server runs on the first core, what
loads it on the second. Nothing is decided by a time.

The comparison is redis-benchmark with EVALSHA of the commit script, whose arguments are those of a real refresh, as MONITOR shows it. Its keys
and revisions are random, and the comparison with the base is left out of the script, so that no commit conflicts. It runs before and after
each series of the store; the median counts.

usage: redis.py BUILD_DIR [SECTION...]      (rates, lookups, instructions, bytes, seen, nodes, trips, idle; default: all)
"""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
PHONES = 20000        # of the rates
RECORDS = 100000      # of the sizes
IN_FLIGHT = 1, 16, 256
ROUNDS = 3
COMPARISONS = 'if current ~= base then', 'if base ~= expected then'
SERVER_CORE, CLIENT_CORE = '0', '1'


def on_core(core, *command):
    return ['taskset', '-c', core, *command] if os.cpu_count() > 1 else list(command)


class Server:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='rgstr-bench-')
        self.path = os.path.join(self.folder.name, 'redis')
        self.process = subprocess.Popen(on_core(SERVER_CORE, 'redis-server', '--port', '0', '--unixsocket', self.path, '--save', '',
                                                '--dir', self.folder.name), stdout=subprocess.DEVNULL)
        while self.ask('PING', check=False) != 'PONG':
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def ask(self, *words, check=True):
        run = subprocess.run(['redis-cli', '-s', self.path, *words], capture_output=True, text=True)
        if check and run.returncode:
            sys.exit(run.stderr)
        return run.stdout.strip()

    def info(self, name):
        return float(re.search(rf'^{name}:([0-9.]+)', self.ask('INFO', 'everything'), re.M).group(1))

    def cpu(self):
        """Seconds."""
        return self.info('used_cpu_user') + self.info('used_cpu_sys')

    def calls(self):
        """Commands and what each was called, those within scripts included."""
        return {name: int(n) for name, n in re.findall(r'^cmdstat_(.*?):calls=(\d+)', self.ask('INFO', 'commandstats'), re.M)}

    def bench(self, *words, options=''):
        """Runs the program on this server. @return its output."""
        return subprocess.run(on_core(CLIENT_CORE, PROGRAM, f'unix:{self.path}?timeout=60000{options}', *map(str, words)), check=True,
                              stdout=subprocess.PIPE, text=True, env=dict(os.environ, SERVER_PID=str(self.process.pid))).stdout.strip()

    def redis_benchmark(self, in_flight, *command):
        """@return commands a second, and microseconds of CPU of the server for each."""
        n = 200000 if in_flight > 1 else 40000
        self.ask('CONFIG', 'RESETSTAT')
        cpu = self.cpu()
        run = subprocess.run(on_core(CLIENT_CORE, 'redis-benchmark', '-s', self.path, '-c', '1', '-P', str(in_flight), '-n', str(n), '-r',
                                     str(PHONES), '--csv', *command), capture_output=True, check=True)
        failed = re.search(rf'^cmdstat_{command[0].lower()}:.*failed_calls=(\d+)', self.ask('INFO', 'commandstats'), re.M).group(1)
        if int(failed):
            sys.exit(f'redis-benchmark: {failed} commands failed: {run.stdout[:300]} {run.stderr[:300]}')
        cpu = (self.cpu() - cpu) / n * 1e6
        return float(re.search(rb'"([0-9.]+)"(,"[0-9.]+"){6}\s*$', run.stdout)[1]), cpu  # before it stand the octets of the command


def unquote(line):
    """The words of a line of MONITOR as octets."""
    words = re.findall(rb'"((?:[^"\\]|\\.)*)"', line)
    return [re.sub(rb'\\(x[0-9a-f]{2}|.)', lambda m: bytes([int(m[1][1:], 16)]) if len(m[1]) == 3 else
                   {b'n': b'\n', b'r': b'\r', b't': b'\t', b'a': b'\a', b'b': b'\b'}.get(m[1], m[1]), word) for word in words]


def a_refresh(server):
    """The EVALSHA of a refresh."""
    server.bench('fill', 0, 1, 0)
    monitor = subprocess.Popen(['redis-cli', '-s', server.path, 'MONITOR'], stdout=subprocess.PIPE)
    monitor.stdout.readline()
    server.bench('count', 'refresh', 1)
    server.ask('ECHO', 'end')
    lines = [monitor.stdout.readline()]
    while b'"ECHO"' not in lines[-1].upper():
        lines.append(monitor.stdout.readline())
    monitor.kill()
    monitor.wait()
    commands = [words for words in map(unquote, lines) if words and words[0].upper() == b'EVALSHA']
    return commands[-1]


def free_commit(server):
    """redis-benchmark's command of a refresh that does not conflict: random users and revisions, and the script without its comparison."""
    with open(f'{ROOT}/backends/redis/scripts/commit.lua') as file:
        script = file.read()
    for comparison in COMPARISONS:
        if script.count(comparison) != 1:
            sys.exit(f'commit.lua: {comparison} is not found')
        script = script.replace(comparison, 'if false then')
    sha = server.ask('SCRIPT', 'LOAD', script)
    words = [re.sub(rb'user\d{8}', b'__rand_int__', word) for word in a_refresh(server)]
    if [len(word) for word in words].count(16) != 2:
        sys.exit('the revisions of a commit are not found')
    words = [b'abcd__rand_int__' if len(word) == 16 else word for word in words]
    return ['EVALSHA', sha.encode(), *[word.replace(b'\0', b'\1') for word in words[2:]]]


def rate(kind, in_flight, options=''):
    """@return operations a second, microseconds of user and of system time of the client, and of CPU of the server."""
    with Server() as server:
        return list(map(float, server.bench('rate', kind, in_flight, PHONES, options=options).split()))


def rates():
    """Saves, beside redis-benchmark."""
    print('%-16s %9s %10s %16s %6s' % ('', 'in flight', 'a second', 'redis-benchmark', 'ratio'))
    for in_flight in IN_FLIGHT:
        beside, own = [], []
        with Server() as server:
            command = free_commit(server)
            server.redis_benchmark(256, *command)
            for _ in range(ROUNDS):
                beside.append(server.redis_benchmark(in_flight, *command))
                own.append(rate('refresh', in_flight))
            beside.append(server.redis_benchmark(in_flight, *command))
        report('save, refresh', in_flight, own, beside)
        for kind in 'new', 'removal':
            report('save, ' + kind, in_flight, [rate(kind, in_flight)])


def report(name, in_flight, own, beside=None):
    rate, user, system, server = [statistics.median(column) for column in zip(*own)]
    other, other_server = [statistics.median(column) for column in zip(*beside)] if beside else (0, 0)
    print('%-16s %9d %10.0f %s   client %4.1f us user, %4.1f us system; server %4.1f us%s' % (
        name, in_flight, rate, '%16.0f %6.2f' % (other, rate / other) if beside else ' ' * 23, user, system, server,
        ' (%.1f for redis-benchmark)' % other_server if beside else ''), flush=True)


def lookups():
    """Lookups, beside redis-benchmark of an EVALSHA that reads a record of the same size. A record that is in the cache is not decoded."""
    for in_flight in IN_FLIGHT:
        with Server() as server:
            server.bench('fill', 0, PHONES, 0)
            sha = server.ask('SCRIPT', 'LOAD', "return redis.call('GET', KEYS[1])")
            key = a_refresh(server)[3]
            value = subprocess.run(['redis-cli', '-s', server.path, '--no-raw', 'STRLEN', key], capture_output=True).stdout.split()[-1]
            server.ask('EVAL', "for i = 0, ARGV[1] - 1 do redis.call('SET', string.format('r:%012d', i), string.rep('x', ARGV[2])) end", '0',
                       str(PHONES), value)
            beside, cached, decoded = [], [], []
            for _ in range(ROUNDS):
                beside.append(server.redis_benchmark(in_flight, 'EVALSHA', sha, '1', 'r:__rand_int__'))
                cached.append(rate('lookup', in_flight))
                decoded.append(rate('lookup', in_flight, '&cache=0'))
            report('lookup, cached', in_flight, cached, beside)
            report('lookup, other', in_flight, decoded, beside)


def instructions():
    """Instructions of the client an operation, as the difference of 2 000 and 4 000 operations."""
    with Server() as server:
        for kind, name, options in (('refresh', 'refresh', ''), ('lookup', 'lookup of a record in the cache', ''),
                                    ('lookup', 'lookup of another record', '&cache=0'), ('new', 'new', '')):
            counts = []
            for n in 2000, 4000:
                server.ask('FLUSHALL')
                run = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', PROGRAM,
                                      f'unix:{server.path}?timeout=60000{options}', 'count', kind, str(n)], capture_output=True, text=True, check=True)
                counts.append(int(re.search(r'Collected : (\d+)', run.stderr).group(1)))
            print('%-40s %10.0f instructions' % (name, (counts[1] - counts[0]) / 2000), flush=True)


def record_bytes():
    for name, one_hop in ('a tag each', 0), ('one tag for all', 1):
        with Server() as server:
            server.bench('fill', 0, 1000, one_hop)
            before = server.info('used_memory')
            server.bench('fill', 1000, RECORDS, one_hop)
            print('%-40s %10.0f bytes a binding' % (name, (server.info('used_memory') - before) / (RECORDS - 1000)), flush=True)


def seen():
    with Server() as server:
        for line in server.bench('seen', 1000).splitlines():
            print('%-40s p50 %6s us, p99 %6s us' % tuple(line.split('\t')), flush=True)


def nodes():
    for kind in 'refresh', 'lookup':
        for n in 1, 2, 4:
            with Server() as server:
                print('%-30s %d nodes %12.0f a second' % (kind, n, float(server.bench('nodes', kind, n, PHONES))), flush=True)


def trips():
    with Server() as server:
        for line in server.bench('trips').splitlines():
            print('%-60s %6s round trips' % tuple(line.split('\t')), flush=True)


def idle():
    """One node without work: what the server does for it."""
    lasts = 20
    for records in 0, RECORDS:
        with Server() as server:
            server.bench('fill', 0, records, 0)
            time.sleep(1)
            rows = []
            for run in lambda: time.sleep(lasts), lambda: rows.append(server.bench('idle', lasts).split()):
                cpu, calls = server.cpu(), sum(server.calls().values())
                run()
                rows.append([(server.cpu() - cpu) / lasts * 1e6,
                             (sum(server.calls().values()) - calls) / lasts])
            alone, node, busy = rows
            print('%6d records: %s round trips and %.0f commands a second, %.0f us of server CPU a second (%.0f without the node),'
                  ' %s us of its own' % (
                records, node[0], busy[1] - alone[1], busy[0], alone[0], node[1]), flush=True)


SECTIONS = {'rates': rates, 'lookups': lookups, 'instructions': instructions, 'bytes': record_bytes, 'seen': seen, 'nodes': nodes,
            'trips': trips, 'idle': idle}
PROGRAM = os.path.join(sys.argv[1], 'tests', 'bench', 'redis')
subprocess.run(['ninja', '-C', sys.argv[1], 'tests/bench/redis'], check=True, stdout=subprocess.DEVNULL)
for section in sys.argv[2:] or SECTIONS:
    print('-- ' + section, flush=True)
    SECTIONS[section]()
