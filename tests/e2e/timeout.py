# SPDX-License-Identifier: MIT
"""A phone that never answers: 408 after 64*T1, and nothing else to be done about it (RFC 3261 §17.1.1.2)."""
from call import Call
from harness import Daemon, run


def test_nobody_answers():
    with Daemon() as daemon:
        caller, silent = daemon.peer(), daemon.peer()
        silent.register('bob')
        call = Call(caller)
        answer = caller.recv(40)
        assert answer and answer.code == 408, answer
        call.ack_refusal(answer)
        caller.silent()


run({'test_nobody_answers': test_nobody_answers})
