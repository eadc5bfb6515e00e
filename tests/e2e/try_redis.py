# SPDX-License-Identifier: MIT
"""The script examples/try-redis, with the registrard that was built."""
import os
import subprocess
from harness import BINARY, Skip, free_port, run
from redis_server import PROGRAM

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'examples', 'try-redis')


def test_the_phone_is_called_before_and_after_a_node_dies():
    if not PROGRAM:
        raise Skip('there is no redis-server')
    ports = {'PORT_A': str(free_port()), 'PORT_B': str(free_port())}
    done = subprocess.run([SCRIPT, BINARY], env={**os.environ, **ports}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    text = done.stdout.decode()
    assert done.returncode == 0 and text.endswith('== done\n'), text
    assert text.count('< SIP/2.0 200 OK') == 1 and text.count('< SIP/2.0 302 ') == 2, text
    assert text.index('== A is killed') < text.rindex('302')


run(globals())
