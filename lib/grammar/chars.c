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
#define ALNUM (U | W | P | H | T | C | X | A)
#define DIGIT (ALNUM | RG__C_DIGIT | RG__C_HEX)
#define HEXAL (ALNUM | RG__C_ALPHA | RG__C_HEX)
#define ALPHA (ALNUM | RG__C_ALPHA)

/* Octets that are not listed, which include all above 0x7e, are in no set. A URI may contain them only as escapes. */
const uint16_t rg__chars[256] = {
	['!'] = U | W | P | H | T | C | X, ['"'] = C | L, ['#'] = X,
	['$'] = U | W | P | H | X | R, ['%'] = T | C, ['&'] = U | W | P | X | R,
	['\''] = U | W | P | H | T | C | X, ['('] = U | W | P | H | C | X, [')'] = U | W | P | H | C | X,
	['*'] = U | W | P | H | T | C | X, ['+'] = U | W | P | H | T | C | X | R, [','] = U | W | X | R | L,
	['-'] = U | W | P | H | T | C | X | A, ['.'] = U | W | P | H | T | C | X | A, ['/'] = U | P | H | C | X | R,
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
	['['] = P | H | C | X, ['\\'] = C, [']'] = P | H | C | X,
	['_'] = U | W | P | H | T | C | X | A, ['`'] = T | C,
	['a'] = HEXAL, ['b'] = HEXAL, ['c'] = HEXAL, ['d'] = HEXAL, ['e'] = HEXAL, ['f'] = HEXAL,
	['g'] = ALPHA, ['h'] = ALPHA, ['i'] = ALPHA, ['j'] = ALPHA, ['k'] = ALPHA, ['l'] = ALPHA,
	['m'] = ALPHA, ['n'] = ALPHA, ['o'] = ALPHA, ['p'] = ALPHA, ['q'] = ALPHA, ['r'] = ALPHA,
	['s'] = ALPHA, ['t'] = ALPHA, ['u'] = ALPHA, ['v'] = ALPHA, ['w'] = ALPHA, ['x'] = ALPHA,
	['y'] = ALPHA, ['z'] = ALPHA,
	['{'] = C, ['}'] = C, ['~'] = U | W | P | H | T | C | X,
};
