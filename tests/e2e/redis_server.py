# SPDX-License-Identifier: MIT
"""A Redis server of a test, in a folder of its own. It keeps its data over a restart only when it is asked to."""
import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from harness import Skip, free_port

PROGRAM = shutil.which('redis-server')


class RedisServer:
    def __init__(self, password=None, keeps=False, port=None, start=True):
        if not PROGRAM:
            raise Skip('there is no redis-server')
        self.folder = tempfile.mkdtemp(prefix='redis-')
        self.path = os.path.join(self.folder, 'socket')
        self.port, self.password, self.keeps, self.process = port, password, keeps, None
        atexit.register(self.close)
        if start:
            self.start()

    def start(self, empty=False):
        """Starts it, or starts it again. @param empty: without the data that it has kept."""
        if empty:
            shutil.rmtree(os.path.join(self.folder, 'appendonlydir'), ignore_errors=True)
        command = [PROGRAM, '--dir', self.folder, '--port', str(self.port or 0), '--bind', '127.0.0.1', '--unixsocket', self.path, '--save', '',
                   '--appendonly', 'yes' if self.keeps else 'no', '--appendfsync', 'always']
        if self.password:
            command += ['--requirepass', self.password]
        with open(os.path.join(self.folder, 'log'), 'a') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 10
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, open(os.path.join(self.folder, 'log')).read()
            time.sleep(0.01)

    def answers(self):
        try:
            return not self.ask('PING').startswith(b'-LOADING')
        except OSError:
            return False

    def ask(self, *words):
        """One command; the first reply as Redis sent it, at least its first line."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(self.path)
            commands = ([('AUTH', self.password)] if self.password else []) + [words]
            reply = s.makefile('rb')
            for command in commands:
                s.sendall(b'*%d\r\n' % len(command) + b''.join(b'$%d\r\n%s\r\n' % (len(w), w) for w in (str(w).encode() for w in command)))
                line = reply.readline()
                if line.startswith(b'$') and line != b'$-1\r\n':
                    line += reply.read(int(line[1:]) + 2)
            return line

    def store(self, prefix='rgstr', more=''):
        """A value of --store."""
        user = ':%s@' % self.password if self.password else ''
        if self.port:
            return 'redis://%s127.0.0.1:%d?prefix=%s%s' % (user, self.port, prefix, more)
        return 'unix:%s?prefix=%s%s' % ('//' + user + self.path if user else self.path, prefix, more)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def with_port(**kw):
    """One that is reached over TCP."""
    return RedisServer(port=free_port(), **kw)


@functools.lru_cache(None)
def shared():
    """One for all tests of a file, which then use different prefixes."""
    return RedisServer()
