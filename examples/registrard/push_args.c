/* SPDX-License-Identifier: MIT */
#include "push_args.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CA_BYTES_MAX = 16 * 1024 * 1024 };

void push_args_init(struct args *args)
{
	args->push_exec_limit = 8;
	args->push_queue = 10000;
	args->push_seconds = 10;
}

/* No search in PATH: what runs must not depend on the environment of who starts the server. */
int push_set_exec(struct args *args, const char *value)
{
	const char *why = NULL;
	struct stat file;

	if (!strchr(value, '/'))
		why = "no path";
	else if (stat(value, &file) != 0 || (S_ISREG(file.st_mode) && access(value, X_OK) != 0))
		why = strerror(errno);
	else if (!S_ISREG(file.st_mode))
		why = "not a file";
	if (why) {
		complain("--push-exec %s: %s; expected the path of a program, as /usr/local/bin/wake", value, why);
		return ARG_WRONG;
	}
	args->push_exec = value;
	return -1;
}

static int set_number(const char *name, const char *value, uint64_t most, const char *example, uint64_t *out)
{
	if (read_number(value, out) && *out >= 1 && *out <= most)
		return -1;
	complain("%s %s: expected a number from 1 to %llu, as %s", name, value, (unsigned long long)most, example);
	return ARG_WRONG;
}

int push_set_exec_limit(struct args *args, const char *value)
{
	uint64_t n;
	int result = set_number("--push-exec-limit", value, 1000, "8", &n);

	if (result == -1)
		args->push_exec_limit = (size_t)n;
	return result;
}

int push_set_timeout(struct args *args, const char *value)
{
	uint64_t n;
	int result = set_number("--push-timeout", value, 3600, "10", &n);

	if (result == -1)
		args->push_seconds = (uint32_t)n;
	return result;
}

int push_set_queue(struct args *args, const char *value)
{
	uint64_t n;
	int result = set_number("--push-queue", value, 1000000, "10000", &n);

	if (result == -1)
		args->push_queue = (size_t)n;
	return result;
}

/* An address, or a name that the server's resolver can look up: letters of other scripts are none, and its last label is not all digits. */
static int is_host(const char *host)
{
	size_t n = strlen(host);
	const char *last = host;
	rg_addr addr;

	if (rg_addr_parse(rg_str_from(host), &addr) == RG_OK)
		return 1;
	for (const char *p = host; *p; p++)
		if (p > host && p[-1] == '.')
			last = p;
	return n > 0 && n <= 253 && *host != '.' && !strstr(host, "..") && strspn(last, "0123456789.") != strlen(last) &&
		strspn(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.") == n;
}

/* @return what is wrong with a URL, or NULL. */
static const char *url_fault(const char *value)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *zone = NULL;
	const char *why = NULL;

	if (!url)
		return "out of memory";
	if (curl_url_set(url, CURLUPART_URL, value, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK || curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		why = "it is no URL";
	else if (strcasecmp(scheme, "https") != 0 && strcasecmp(scheme, "http") != 0)
		why = "its scheme is neither https nor http";
	else if (!is_host(host) || curl_url_get(url, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK)
		why = "its host is neither a name nor an address";
	else if (curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK || strcmp(port, "0") == 0)
		why = "it has no port";
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(zone);
	curl_url_cleanup(url);
	return why;
}

/* What stands before an @ may be a password, in a URL that cannot be read too. */
static int refuse_url(const char *value, const char *why)
{
	const char *at = strrchr(value, '@'), *colon = strstr(value, "://");
	int n = at && colon && colon < at ? (int)(colon - value) + 3 : 0;

	complain("--push-url %.*s%s%s: %s; expected an http or https URL, as https://push.example.org/wake", n, value, at ? "..." : "",
		at ? at : value, why);
	return ARG_WRONG;
}

int push_set_url(struct args *args, const char *value)
{
	const char *why = url_fault(value);

	if (why)
		return refuse_url(value, why);
	args->push_url = value;
	return -1;
}

/* @return what is wrong with a file of certificates, or NULL. That the certificates can be read is seen when a connection needs them. */
static const char *ca_fault(const char *path)
{
	char line[256];
	size_t bytes = 0;
	int found = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return strerror(errno);
	while (!found && bytes < CA_BYTES_MAX && fgets(line, sizeof line, file)) {
		bytes += strlen(line) + 1;
		found = strncmp(line, "-----BEGIN", 10) == 0 && strstr(line, "CERTIFICATE-----");
	}
	fclose(file);
	return found ? NULL : "it has no certificate";
}

int push_set_ca(struct args *args, const char *value)
{
	const char *why = ca_fault(value);

	if (why) {
		complain("--push-ca %s: %s; expected a file of certificates in PEM", value, why);
		return ARG_WRONG;
	}
	args->push_ca = value;
	return -1;
}

int push_args_check(const struct args *args)
{
	if (!args->push_ca || (args->push_url && strncasecmp(args->push_url, "https:", 6) == 0))
		return 1;
	complain("--push-ca %s: %s; expected --push-url with an https URL beside it", args->push_ca,
		args->push_url ? "--push-url has no https URL" : "there is no --push-url");
	return 0;
}
