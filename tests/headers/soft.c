/* SPDX-License-Identifier: MIT */
/* A program that is built without any hardening, although it has a use for all of it. hardening.py has to notice. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char line[64];

	if (argc > 1 && strlen(argv[1]) < sizeof line)
		memcpy(line, argv[1], strlen(argv[1]) + 1);
	else
		snprintf(line, sizeof line, "%d", argc);
	return puts(line) < 0;
}
