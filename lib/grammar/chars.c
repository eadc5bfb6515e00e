/* SPDX-License-Identifier: MIT */
#include "grammar/chars.h"

#define U RG__C_USER
#define W RG__C_PASSWORD
#define P RG__C_PARAM
#define H RG__C_HEADER
#define T RG__C_TOKEN
#define C RG__C_WORD
#define X RG__C_URIC
#define R RG__C_RESERVED
#define A RG__C_HOST
#define L RG__C_LIST
#define B RG__C_LABEL
#define Q RG__C_UNPLAIN
#define CONTROL (RG__C_CONTROL | RG__C_UNPLAIN)
#define ALNUM (U | W | P | H | T | C | X | A | B)
#define DIGIT (ALNUM | RG__C_DIGIT | RG__C_HEX)
#define HEXAL (ALNUM | RG__C_ALPHA | RG__C_HEX)
#define ALPHA (ALNUM | RG__C_ALPHA)

/* Octets that are not listed, which include all above 0x7f, are in no set. A URI may contain them only as escapes. */
const uint16_t rg__chars[256] = {
	[0x00] = CONTROL, [0x01] = CONTROL, [0x02] = CONTROL, [0x03] = CONTROL, [0x04] = CONTROL, [0x05] = CONTROL, [0x06] = CONTROL,
	[0x07] = CONTROL, [0x08] = CONTROL, [0x0a] = CONTROL, [0x0b] = CONTROL, [0x0c] = CONTROL, [0x0d] = CONTROL, [0x0e] = CONTROL,
	[0x0f] = CONTROL, [0x10] = CONTROL, [0x11] = CONTROL, [0x12] = CONTROL, [0x13] = CONTROL, [0x14] = CONTROL, [0x15] = CONTROL,
	[0x16] = CONTROL, [0x17] = CONTROL, [0x18] = CONTROL, [0x19] = CONTROL, [0x1a] = CONTROL, [0x1b] = CONTROL, [0x1c] = CONTROL,
	[0x1d] = CONTROL, [0x1e] = CONTROL, [0x1f] = CONTROL, [0x7f] = CONTROL,
	['!'] = U | W | P | H | T | C | X, ['"'] = C | L | Q, ['#'] = X,
	['$'] = U | W | P | H | X | R, ['%'] = T | C, ['&'] = U | W | P | X | R,
	['\''] = U | W | P | H | T | C | X, ['('] = U | W | P | H | C | X, [')'] = U | W | P | H | C | X,
	['*'] = U | W | P | H | T | C | X, ['+'] = U | W | P | H | T | C | X | R, [','] = U | W | X | R | L,
	['-'] = U | W | P | H | T | C | X | A | B, ['.'] = U | W | P | H | T | C | X | A, ['/'] = U | P | H | C | X | R,
	['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT, ['5'] = DIGIT,
	['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT,
	[':'] = P | H | C | X | R, [';'] = U | X | R, ['<'] = C | L,
	['='] = U | W | X | R, ['>'] = C, ['?'] = U | H | C | X | R,
	['@'] = X | R,
	['A'] = HEXAL, ['B'] = HEXAL, ['C'] = HEXAL, ['D'] = HEXAL, ['E'] = HEXAL, ['F'] = HEXAL,
	['G'] = ALPHA, ['H'] = ALPHA, ['I'] = ALPHA, ['J'] = ALPHA, ['K'] = ALPHA, ['L'] = ALPHA,
	['M'] = ALPHA, ['N'] = ALPHA, ['O'] = ALPHA, ['P'] = ALPHA, ['Q'] = ALPHA, ['R'] = ALPHA,
	['S'] = ALPHA, ['T'] = ALPHA, ['U'] = ALPHA, ['V'] = ALPHA, ['W'] = ALPHA, ['X'] = ALPHA,
	['Y'] = ALPHA, ['Z'] = ALPHA,
	['['] = P | H | C | X, ['\\'] = C | Q, [']'] = P | H | C | X,
	['_'] = U | W | P | H | T | C | X | A | B, ['`'] = T | C,
	['a'] = HEXAL, ['b'] = HEXAL, ['c'] = HEXAL, ['d'] = HEXAL, ['e'] = HEXAL, ['f'] = HEXAL,
	['g'] = ALPHA, ['h'] = ALPHA, ['i'] = ALPHA, ['j'] = ALPHA, ['k'] = ALPHA, ['l'] = ALPHA,
	['m'] = ALPHA, ['n'] = ALPHA, ['o'] = ALPHA, ['p'] = ALPHA, ['q'] = ALPHA, ['r'] = ALPHA,
	['s'] = ALPHA, ['t'] = ALPHA, ['u'] = ALPHA, ['v'] = ALPHA, ['w'] = ALPHA, ['x'] = ALPHA,
	['y'] = ALPHA, ['z'] = ALPHA,
	['{'] = C, ['}'] = C, ['~'] = U | W | P | H | T | C | X,
};
