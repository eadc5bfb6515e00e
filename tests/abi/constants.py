#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a C program that prints what a client compiles in: the value of each public constant, and the size, alignment and member offsets of
each public struct. No dump of a library holds them. usage: constants.py OUTPUT HEADER..."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'headers'))
from declared import Headers, values  # noqa: E402

PROGRAM = """/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
%s

#define NUMBER(name) printf("%%s = %%" PRIdMAX "\\n", #name, (intmax_t)(name));
#define TEXT(name) printf("%%s = \\"%%s\\"\\n", #name, name);
#define TYPE(name) printf("%%s: %%zu bytes, aligned to %%zu\\n", #name, sizeof(name), alignof(name));
#define MEMBER(type, name) printf("%%s.%%s: %%zu bytes at %%zu\\n", #type, #name, sizeof(((type *)0)->name), offsetof(type, name));

int main(void)
{
	if (sizeof(void *) != 8 || sizeof(size_t) != 8)
		return 77;
%s
	return 0;
}
"""


def program(headers, includes):
    lines = [f'TEXT({name})' if text else f'NUMBER({name})' for name, text in sorted(values(headers).items())]
    lines += [f'TYPE({name})' for name in sorted(headers.typedefs)]
    for name, struct in sorted(headers.structs.items()):
        lines += [f'TYPE({name})'] + [f'MEMBER({name}, {member.name})' for member in struct.members]
    return PROGRAM % ('\n'.join(f'#include <rgstr/{name}>' for name in includes), '\n'.join('\t' + line for line in lines))


if __name__ == '__main__':
    paths = [pathlib.Path(path) for path in sys.argv[2:]]
    pathlib.Path(sys.argv[1]).write_text(program(Headers(paths), [path.name for path in paths]))
