#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Seeds changes of the ABI into a small library; the comparison must find each, and none in the same library compiled in another way.

usage: notices.py CC
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import abi  # noqa: E402
import constants  # noqa: E402
from declared import Headers  # noqa: E402

HEADER = """#include <stdint.h>
#define RG_API __attribute__((visibility("default")))
/** Constants. */
#define RG_MOST 64
/** Kinds. */
enum {
	RG_ONE = 1,
	RG_TWO = 2
};
typedef enum rg_kind { RG_RED, RG_BLUE } rg_kind;
/** A callback. */
typedef int32_t (*rg_done_cb)(void *user, const uint32_t *value);
/** A struct. */
typedef struct rg_point {
	uint32_t x;
	uint32_t y;
	rg_done_cb done;
	void (*member)(void *self, uint32_t first, int32_t second);
} rg_point;
/** An object. */
typedef struct rg_object rg_object;
/** Functions. */
RG_API int32_t rg_object_move(rg_object *object, const rg_point *by, rg_kind kind);
RG_API void rg_object_free(rg_object *object);
"""
SOURCE = """#include <rgstr/tiny.h>
struct rg_object { rg_point at; };
int32_t rg_object_move(rg_object *object, const rg_point *by, rg_kind kind) { object->at.x += by->x + kind; return 0; }
void rg_object_free(rg_object *object) { (void)object; }
"""
MAP = 'RG_0 { global: rg_object_move; rg_object_free; local: *; };'

# What the dump of the library must show: where, the old text, the new text.
SEEDS = [
    ('header', '\tuint32_t y;\n', '\tuint32_t y;\n\tuint64_t z;\n'),                         # a member in the middle
    ('header', 'second);\n}', 'second);\n\tuint32_t last;\n}'),                              # at the end
    ('header', '\tuint32_t x;\n\tuint32_t y;\n', '\tuint32_t y;\n\tuint32_t x;\n'),          # two change places
    ('header', '\tuint32_t y;\n', '\tint32_t y;\n'),                                         # the sign of a member
    ('header', 'const uint32_t *value', 'uint32_t *value'),                                  # a callback
    ('header', 'uint32_t first, int32_t second', 'int32_t second, uint32_t first'),          # a member of a vtable
    ('header', 'RG_BLUE }', 'RG_BLUE, RG_GREEN }'),                                          # an enum grows
    ('map', 'rg_object_free; ', ''),                                                         # a function is gone
    ('map', 'local', 'rg_object_new; local'),                                                # a function is added
    ('map', 'RG_0', 'RG_1'),                                                                 # a version of the symbols
    ('both', 'const rg_point *by', 'rg_point *by'),                                          # parameters
    ('both', ', rg_kind kind)', ', rg_kind kind, uint32_t more)'),
    ('both', 'void rg_object_free', 'int rg_object_free'),                                   # a result
    ('soname', 'libtiny.so.0', 'libtiny.so.1'),
]
# What is no change of the ABI.
SAME = [
    ('flags', '-O0', '-O2'),
    ('flags', '-O0', '-flto'),
    ('source', 'struct rg_object { rg_point at; };', 'struct rg_object { rg_point at; void *more; };'),
]
# What the constants and layouts must show.
CONSTANTS = [
    ('header', 'RG_MOST 64', 'RG_MOST 65'),
    ('header', 'RG_TWO = 2', 'RG_TWO = 3'),
    ('header', 'RG_TWO = 2', 'RG_TWO = 2,\n\tRG_FOUR = 4'),
    ('header', 'RG_ONE = 1,', ''),
    ('header', '\tuint32_t x;\n\tuint32_t y;\n', '\tuint32_t y;\n\tuint32_t x;\n'),
    ('header', '\tuint32_t y;\n', '\tuint64_t y;\n'),
]


def tiny(seed):
    parts = {'header': HEADER, 'source': SOURCE + 'RG_API rg_object *rg_object_new(void);\nrg_object *rg_object_new(void) { return 0; }\n',
             'map': MAP, 'soname': 'libtiny.so.0', 'flags': '-O0'}
    if seed:
        where, old, new = seed
        for part in ('header', 'source') if where == 'both' else (where,):
            if old not in parts[part]:
                raise ValueError(f'no {old!r} in the {part}')
            parts[part] = parts[part].replace(old, new, 1)
    return parts


def written(folder, parts):
    (folder / 'include' / 'rgstr').mkdir(parents=True, exist_ok=True)
    (folder / 'include' / 'rgstr' / 'tiny.h').write_text(parts['header'])
    (folder / 'tiny.c').write_text(parts['source'])
    (folder / 'tiny.map').write_text(parts['map'])


def dump(folder, cc, parts):
    written(folder, parts)
    subprocess.run([*cc, '-g', parts['flags'], '-fPIC', '-shared', '-fvisibility=hidden', '-I', folder / 'include', folder / 'tiny.c',
                    '-o', folder / 'tiny.so', f'-Wl,--version-script,{folder / "tiny.map"}', f'-Wl,-soname,{parts["soname"]}'], check=True)
    return abi.dump(folder / 'tiny.so')


def printed(folder, cc, parts):
    written(folder, parts)
    (folder / 'constants.c').write_text(constants.program(Headers([folder / 'include' / 'rgstr' / 'tiny.h']), ['tiny.h']))
    subprocess.run([*cc, '-I', folder / 'include', folder / 'constants.c', '-o', folder / 'constants'], check=True)
    return subprocess.run([folder / 'constants'], check=True, capture_output=True, text=True).stdout


def refuses(folder, cc):
    """The comparison itself, by its exit status, of libraries and constants that are not ours."""
    printed(folder, cc, tiny(None))
    what = [('constants', folder / 'constants')]
    if shutil.which('abidw') and shutil.which('abidiff'):
        dump(folder, cc, tiny(None))
        what += [('library', shutil.copy(folder / 'tiny.so', folder / name)) for name in ('librgstr.so.0', 'unknown.so.0')]
    compare = pathlib.Path(__file__).with_name('compare.py')
    return [f'{kind} {path.name} was accepted' for kind, path in what
            if subprocess.run([sys.executable, compare, kind, path], capture_output=True).returncode != 1]


def main():
    cc = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bad = refuses(folder, cc)
        before = printed(folder, cc, tiny(None))
        bad += [f'the constants do not show {seed}' for seed in CONSTANTS if printed(folder, cc, tiny(seed)) == before]
        if shutil.which('abidw') and shutil.which('abidiff'):
            before = dump(folder, cc, tiny(None))
            bad += [f'the dump does not show {seed}' for seed in SEEDS if not abi.difference(before, dump(folder, cc, tiny(seed)))]
            bad += [f'the dump shows {seed}' for seed in SAME if abi.difference(before, dump(folder, cc, tiny(seed)))]
        else:
            print('the dumps are not seeded: there is no abidw and abidiff (Debian: abigail-tools)')
            return 1 if bad else 77
    print('\n'.join(bad) or f'{len(CONSTANTS)} and {len(SEEDS)} seeded changes were found')
    return 1 if bad else 0


sys.exit(main())
