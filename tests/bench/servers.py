# SPDX-License-Identifier: MIT
"""SIP servers that tests/bench measures: each on a loopback port of its own, one processor, and bindings in memory."""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SERVER_CORE, LOAD_CORE = '0', '1'
START_SECONDS = 60  # under callgrind, too
TICKS = os.sysconf('SC_CLK_TCK')
PROBE = ('OPTIONS sip:nobody@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK-probe\r\nFrom: <sip:probe@example.net>;tag=1\r\n'
         'To: <sip:nobody@example.net>\r\nCall-ID: probe\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n').encode()
KAMAILIO = '''
debug=-1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:%(port)d
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "hash_size", %(hash_size)d)
request_route {
	if (method == "REGISTER") {
		save("location");
		exit;
	}
	if (!lookup("location")) {
		sl_send_reply("404", "Not Found");
		exit;
	}
	sl_send_reply("302", "Moved Temporarily");
}
'''


def on_core(core, *command):
    return ['taskset', '-c', core, *command] if os.cpu_count() > 1 else list(command)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ''


# Whoever ends the script ends its servers.
signal.signal(signal.SIGTERM, lambda *_: sys.exit('terminated'))


class Server:
    """Runs in a session of its own. All processes of the session are measured, and end with it."""

    def __init__(self, build, users, before=()):
        """@param users: how many will be registered. @param before: words before the command, as of a tool that runs it."""
        self.build, self.users, self.before = os.path.abspath(build), users, before

    @classmethod
    def is_there(cls, build):
        return os.access(os.path.join(build, cls.program), os.X_OK)

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='rgstr-bench-')
        self.port = free_port()
        self.output = open(os.path.join(self.folder.name, 'output'), 'w+')
        self.process = subprocess.Popen(on_core(SERVER_CORE, *self.before, *self.command()), stdout=self.output, stderr=self.output,
                                        stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.folder.name)
        try:
            self.await_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def await_answer(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            sock.connect(('127.0.0.1', self.port))
            until = time.monotonic() + START_SECONDS
            while time.monotonic() < until and self.process.poll() is None:
                try:
                    sock.send(PROBE)
                    sock.recv(65536)
                    return
                except OSError:
                    time.sleep(0.05)
        sys.exit(f'{self.name} does not start: {self.printed()}')

    def __exit__(self, *_):
        self.stop()
        self.output.close()
        self.folder.cleanup()

    def stop(self):
        """Ends it in order, or else at once. @return what it printed."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                pass
        for process in self.processes():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        return self.printed()

    def printed(self):
        return read(self.output.name)

    def processes(self):
        """The ids of those of its session."""
        found = []
        for path in glob.glob('/proc/[0-9]*/stat'):
            fields = read(path).rpartition(')')[2].split()
            if len(fields) > 3 and fields[3] == str(self.process.pid):
                found.append(int(path.split('/')[2]))
        return found

    def cpu(self):
        """Seconds of all threads so far: user, system, total. The total is exact; the kernel samples how it divides."""
        ran = user = system = 0
        for process in self.processes():
            fields = read(f'/proc/{process}/stat').rpartition(')')[2].split()
            user, system = user + int(fields[11]) / TICKS, system + int(fields[12]) / TICKS
            for path in glob.glob(f'/proc/{process}/task/*/schedstat'):
                ran += int(read(path).split()[0]) / 1e9
        return user, system, ran

    def resident(self):
        """Bytes; what processes share counts once."""
        return sum(int(n) * 1024 for process in self.processes()
                   for n in re.findall(r'^Pss: +(\d+)', read(f'/proc/{process}/smaps_rollup'), re.M))

    def load(self, kind, users, count, cseq, window, seconds):
        """Sends requests about the users in range(*users). @return how many were lost, and seconds."""
        run = subprocess.run(on_core(LOAD_CORE, os.path.join(self.build, 'tests/bench/load'), kind,
                                     *map(str, (self.port, *users, count, cseq, window, seconds))),
                             stdout=subprocess.PIPE, text=True, timeout=seconds + 30)
        if run.returncode:
            sys.exit(f'{self.name}: {kind} failed: {self.printed()[-1000:]}')
        answered, lost, took = run.stdout.split()
        return int(lost), float(took)


class Registrard(Server):
    name, program = 'registrard', 'examples/registrard'

    def command(self):
        return [os.path.join(self.build, self.program), '--listen', f'udp:127.0.0.1:{self.port}', '--store', 'memory:0',
                '--mode', 'redirect']


class Udp(Server):
    """examples/udp with one thread."""
    name, program = 'udp', 'examples/udp'

    def command(self):
        return [os.path.join(self.build, self.program), '127.0.0.1', str(self.port), '1']


class Kamailio(Server):
    name = 'kamailio'

    @classmethod
    def is_there(cls, build):
        return bool(shutil.which('kamailio'))

    def command(self):
        path = os.path.join(self.folder.name, 'kamailio.cfg')
        with open(path, 'w') as file:
            file.write(KAMAILIO % {'port': self.port, 'hash_size': max(10, (self.users - 1).bit_length())})
        memory = 128 + self.users * 4 // 1024  # megabytes, of which it takes as much as it needs
        return ['kamailio', '-DD', '-E', '-x', 'fm', '-m', str(memory), '-f', path, '-w', self.folder.name, '-Y', self.folder.name]


class Echo(Server):
    """Answers datagrams of the same sizes, and does nothing else."""
    name, program, batch = 'echo', 'tests/bench/load', 1

    def command(self):
        return [os.path.join(self.build, self.program), 'echo', str(self.port), str(self.batch)]


class EchoBatches(Echo):
    name, batch = 'echo-batches', 32


SERVERS = {server.name: server for server in (Kamailio, Registrard, Udp, Echo, EchoBatches)}
