# SPDX-License-Identifier: MIT
"""A real softphone, baresip: it registers, is called, answers by itself, and is hung up on; then it leaves."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import push
from harness import Daemon, free_port, run

BARESIP = shutil.which('baresip')
MODULES = '/usr/lib/baresip/modules'
SDP = ('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0 8\r\n'
       'a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n')
CONFIG = '''net_interface 127.0.0.1
sip_listen 127.0.0.1:%d
sip_trans_def udp
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
module_path %s
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
'''
ACCOUNT = '<sip:phone@%s;transport=%s>;regint=60;answermode=auto;auth_pass=none\n'


class Phone:
    def __init__(self, daemon, transport, folder):
        with open(os.path.join(folder, 'accounts'), 'w') as file:
            file.write(ACCOUNT % (daemon.address, transport))
        open(os.path.join(folder, 'contacts'), 'w').close()
        # It takes the next port, too, for TLS: somebody else may have that, or get it first.
        for _ in range(5):
            self.start(folder)
            time.sleep(0.5)
            if 'Address already in use' not in self.output():
                return
            self.close()
        raise RuntimeError('no two ports are free')

    def start(self, folder):
        self.port = free_port()
        with open(os.path.join(folder, 'config'), 'w') as file:
            file.write(CONFIG % (self.port, MODULES))
        self.log = open(os.path.join(folder, 'log'), 'w+')
        self.process = subprocess.Popen([BARESIP, '-f', folder], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError('waited in vain')


def call(daemon, peer, user='phone', meanwhile=lambda: None):
    uri = 'sip:%s@%s' % (user, daemon.address)
    caller, branch, callid = '<sip:caller@example.net>;tag=1', peer.branch(), 'softphone-' + peer.proto
    peer.send(peer.request('INVITE', uri, caller, '<%s>' % uri, callid, 1,
                           ['Contact: <%s>' % peer.uri.replace('sip:', 'sip:caller@'), 'Content-Type: application/sdp'], SDP % free_port(),
                           branch=branch))
    meanwhile()
    ok = peer.expect(200, 10)
    assert b'm=audio' in ok.body
    remote = re.search('<([^>]*)>', ok.get('contact')).group(1)
    routes = ['Route: %s' % r for r in reversed(ok.values('record-route'))]
    peer.send(peer.request('ACK', remote, caller, ok.get('to'), callid, 1, routes))
    time.sleep(0.3)
    peer.send(peer.request('BYE', remote, caller, ok.get('to'), callid, 2, routes))
    while peer.expect(200, 5).get('cseq') != '2 BYE':
        pass


def test_a_softphone_registers_and_is_called():
    for transport in ('udp', 'tcp'):
        with Daemon('--set', 'received_avp=$avp(rcv)') as daemon, tempfile.TemporaryDirectory() as folder:
            phone = Phone(daemon, transport, folder)
            try:
                aor = 'phone@127.0.0.1'
                row, = wait_for(lambda: daemon.control.show(aor))
                assert 'baresip' in row['user_agent'].lower(), row
                call(daemon, daemon.peer('udp'))
                call(daemon, daemon.peer('tcp'))
                phone.close()
                # It says good-bye as it goes.
                wait_for(lambda: not daemon.control.show(aor))
            except Exception:
                if not phone.log.closed:
                    print(phone.output(), file=sys.stderr)
                raise
            finally:
                phone.close()


def test_a_softphone_is_woken_for_a_call():
    """Its system registers for it, as a push service does, under another AoR that the softphone does not know."""
    with push.on() as daemon, tempfile.TemporaryDirectory() as folder:
        phone = Phone(daemon, 'udp', folder)
        try:
            wait_for(lambda: daemon.control.show('phone@127.0.0.1'))
            row, = daemon.control.show('phone@127.0.0.1')
            user = re.match('sip:([^@]*)@', row['uri']).group(1)
            system, pushes = daemon.peer(), push.Pushes(daemon)
            asleep = '<sip:%s@127.0.0.1:%d;pn-provider=acme;pn-prid=1;pn-param=app>' % (user, phone.port)
            assert system.register('mobile@127.0.0.1', [asleep], 'system', 1).code == 200

            def wake(event):
                assert event['reason'] == 'ini-INVITE'
                assert system.register('mobile@127.0.0.1', [asleep], 'system', 2).code == 200

            call(daemon, daemon.peer('udp'), 'mobile', lambda: wake(pushes.next()))
        except Exception:
            if not phone.log.closed:
                print(phone.output(), file=sys.stderr)
            raise
        finally:
            phone.close()


if not BARESIP:
    print('baresip is not installed')
    sys.exit(77)
run(globals())
