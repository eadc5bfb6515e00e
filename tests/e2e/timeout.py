# SPDX-License-Identifier: MIT
"""What takes more than half a minute."""
import time
from call import Call
from harness import Daemon, run


def test_nobody_answers():
    """408 after 64*T1, and nothing else to be done about it (RFC 3261 §17.1.1.2)."""
    with Daemon() as daemon:
        caller, silent = daemon.peer(), daemon.peer()
        silent.register('bob')
        call = Call(caller)
        answer = caller.recv(40)
        assert answer and answer.code == 408, answer
        call.ack_refusal(answer)
        caller.silent()


def test_a_connection_that_always_holds_part_of_a_message_stays_open():
    """The limit of 32 s is one for each message."""
    with Daemon() as daemon:
        peer = daemon.peer('tcp')

        def message(n):
            return peer.request('OPTIONS', 'sip:' + peer.target, '<sip:a@h>;tag=1', '<sip:%s>' % peer.target, 'part-%d' % n, 1)

        peer.send(message(0)[:50])
        for n in range(36):
            peer.send(message(n)[50:] + message(n + 1)[:50])
            assert peer.expect(200).get('call-id') == 'part-%d' % n
            time.sleep(1)


run(globals())
