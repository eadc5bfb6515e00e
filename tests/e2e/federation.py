# SPDX-License-Identifier: MIT
"""A site that tells others who is registered there. Those whose sites share a server are called in redis.py."""
from harness import Daemon, run

CALLER = '<sip:caller@example.net>;tag=caller'


def test_a_site_by_itself_serves_its_own():
    for home in ('sip:127.0.0.1:5999', '127.0.0.1', 'site.example.org:5070', '[::1]:5060'):
        for mode in ('proxy', 'redirect'):
            with Daemon('--federate', 'memory:1000000,' + home, '--lookup', 'global', '--mode', mode, logs=mode == 'redirect') as daemon:
                phone, caller = daemon.peer(), daemon.peer()

                def call(user):
                    uri = 'sip:%s@example.org' % user
                    caller.send(caller.request('MESSAGE', uri, CALLER, '<%s>' % uri, 'fed-' + user, 1))

                assert phone.register('bob').code == 200
                call('bob')
                if mode == 'proxy':
                    phone.answer(phone.expect('MESSAGE'), 200)
                    caller.expect(200)
                else:
                    assert caller.expect(302).values('contact') == ['<sip:bob@%s>' % phone.address]
                call('nobody')
                caller.expect(404)
                assert daemon.control('dump')['aors'][0]['aor'] == 'bob@example.org'
                assert daemon.control('remove bob@example.org')['removed'] == 1


def test_a_full_shared_store_holds_nobody_up():
    with Daemon('--federate', 'memory:1,sip:127.0.0.1:5999', '--lookup', 'global', logs=True) as daemon:
        phone, caller = daemon.peer(), daemon.peer()
        for n in range(20):
            assert phone.register('u%d' % n).code == 200
        caller.send(caller.request('MESSAGE', 'sip:u7@example.org', CALLER, '<sip:u7@example.org>', 'full', 1))
        phone.answer(phone.expect('MESSAGE'), 200)
        caller.expect(200)


run(globals())
