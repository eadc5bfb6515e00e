/* SPDX-License-Identifier: MIT */
#include "store_args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without a limit any client that may register could use up all memory. */
#define STORE_BYTES_DEFAULT (UINT64_C(1) << 30)

#define STORES "memory, memory:BYTES, redis://HOST[:PORT][/DB], rediss://HOST, unix:/PATH or file:PATH"

enum { ADDRESS_MAX = 4096 };

void store_args_init(struct args *args)
{
	args->store.bytes = args->shared.bytes = STORE_BYTES_DEFAULT;
}

void store_args_free(struct args *args)
{
	free(args->store.address);
	free(args->shared.address);
}

static int has_scheme(const char *text, const char *scheme)
{
	return strncmp(text, scheme, strlen(scheme)) == 0;
}

static int is_redis(const char *text)
{
	return has_scheme(text, "redis:") || has_scheme(text, "rediss:") || has_scheme(text, "unix:");
}

/* Whether it is a path alone, which may hold an @ too: unix:/PATH or unix:///PATH. */
static int is_path(const char *address)
{
	size_t slashes = has_scheme(address, "unix:") ? strspn(address + 5, "/") : 0;

	return slashes > 0 && slashes != 2;
}

/* A copy without user and password. Also of a malformed address no part is shown that may be meant as a password: all up to the last @, and
 * all of it when a password is begun and no @ follows. NULL when out of memory. */
static char *shown_of(const char *address)
{
	const char *rest = is_redis(address) && !is_path(address) ? strchr(address, ':') + 1 : NULL, *at;
	char *shown = NULL;

	if (!rest)
		return strdup(address);
	at = strrchr(rest, '@');
	if (!at && rest[strspn(rest, "/")] == ':')
		at = rest + strlen(rest) - 1;
	if (!at)
		return strdup(address);
	return asprintf(&shown, "%.*s//***@%s", (int)(rest - address), address, at + 1) < 0 ? NULL : shown;
}

/* A comma in a password would begin the home, so both are looked at together. */
void store_refuse(const char *argument, const char *store, const char *home, const char *why)
{
	char *value = NULL, *shown = NULL;

	if (asprintf(&value, "%s%s%s", store, home ? "," : "", home ? home : "") < 0)
		value = NULL;
	if (value)
		shown = shown_of(value);
	complain("%s %s: %s", argument, shown ? shown : "", why);
	free(value);
	free(shown);
}

/* @param home  NULL = the argument is --store. @param why  NULL = it is no store. */
static int refuse_store(const char *value, const char *home, const char *why)
{
	char text[400];

	snprintf(text, sizeof text, "%s%sexpected %s" STORES, why ? why : "", why ? "; " : "",
		home ? "STORE,HOME, as memory,sip:192.0.2.1:5060, with a STORE of " : "");
	store_refuse(home ? "--federate" : "--store", value, home, text);
	return ARG_WRONG;
}

/* Reads the first line of a file, without the blanks around it. @return NULL with errno; EINVAL: there is none, or it is too long. */
static char *read_address(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[ADDRESS_MAX + 2] = "", *start = line;
	size_t n;

	if (!file)
		return NULL;
	errno = 0;
	n = fgets(line, sizeof line, file) ? strlen(line) : 0;
	if (!errno)
		errno = EINVAL;
	fclose(file);
	if (n == 0 || n == sizeof line - 1)
		return NULL;
	start += strspn(start, " \t");
	start[strcspn(start, " \t\r\n")] = '\0';
	return *start ? strdup(start) : NULL;
}

/* Reads memory, memory:BYTES, or the address of a Redis server. @return 0 if it is none of them. */
static int read_store(const char *text, struct store_at *out)
{
	char *address;
	uint64_t bytes = STORE_BYTES_DEFAULT;

	if (is_redis(text)) {
		address = strdup(text);
		if (!address)
			return 0;
		free(out->address);
		*out = (struct store_at){ .address = address, .bytes = bytes };
		return 1;
	}
	if (strcmp(text, "memory") != 0 && (!has_scheme(text, "memory:") || !read_number(text + 7, &bytes)))
		return 0;
	free(out->address);
	*out = (struct store_at){ .bytes = bytes };
	return 1;
}

/* @param home  as for refuse_store(). */
static int take_store(const char *value, const char *home, struct store_at *out)
{
	char *address;
	int result = -1;

	if (!has_scheme(value, "file:"))
		return read_store(value, out) ? -1 : refuse_store(value, home, NULL);
	address = read_address(value + 5);
	if (!address)
		return refuse_store(value, home, errno == EINVAL ? "its first line is no address" : strerror(errno));
	/* A wrong address in the file may hold a password, so the file is named only. */
	if (!read_store(address, out))
		result = refuse_store(value, home, "its first line is no address");
	free(address);
	return result;
}

int store_set(struct args *args, const char *value)
{
	return take_store(value, NULL, &args->store);
}

/* The library checks the home when the registrar is there. */
int store_set_federation(struct args *args, const char *value)
{
	size_t n = strcspn(value, ",");
	char *store = strndup(value, n);
	int result = ARG_WRONG;

	if (!store) {
		complain("out of memory");
	} else if (n == 0 || value[n] == '\0' || value[n + 1] == '\0') {
		store_refuse("--federate", value, NULL, "expected STORE,HOME, as memory,sip:192.0.2.1:5060");
	} else {
		result = take_store(store, value + n + 1, &args->shared);
		if (result == -1)
			args->home = value + n + 1;
	}
	free(store);
	return result;
}

int store_args_check(const struct args *args)
{
	if (!args->home || !args->store.address || !args->shared.address || strcmp(args->store.address, args->shared.address) != 0)
		return 1;
	store_refuse("--federate", args->shared.address, args->home,
		"--store is the same; expected a store that other sites share, with another prefix or on another server");
	return 0;
}
