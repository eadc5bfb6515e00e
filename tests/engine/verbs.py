#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes EVERY_VERB(X), an X-macro over the verbs: X(save) stands for rg_save() and rg_save_async().

A verb is what has a completion form. Every other function of a registrar must be known here not to be one, so that none is forgotten.

usage: verbs.py OUTPUT HEADER...
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'headers'))
from declared import Headers  # noqa: E402

# rg_pn_process_purr() has a completion form alone: it waits for ticks of the host.
NO_VERBS = {'rg_registrar_' + name for name in
            ('ref', 'unref', 'shutdown', 'configure', 'tick', 'subscribe', 'federate', 'publish')} | {
    'rg_add_socket_header', 'rg_deliver', 'rg_pn_process_purr', 'rg_prefetch', 'rg_prefetch_aors'}


def main():
    output, *headers = sys.argv[1:]
    functions = Headers(headers).functions.values()
    names = [function.name for function in functions if function.params and function.params[0].type == 'rg_registrar *']
    verbs = [name[:-len('_async')] for name in names if name.endswith('_async')]
    unknown = set(names) - NO_VERBS - {v + form for v in verbs for form in ('', '_async')}
    if unknown or not verbs:
        sys.exit(f'neither verbs with a completion form nor known to be none: {sorted(unknown)}')
    rows = ' \\\n'.join(f'\tX({verb[len("rg_"):]})' for verb in verbs)
    open(output, 'w').write(f'/* Written by verbs.py. */\n#define EVERY_VERB(X) \\\n{rows}\n')


if __name__ == '__main__':
    main()
