/* SPDX-License-Identifier: MIT */
/* registrard has decided about each parameter and flag of the library. */
#include "settings.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rows_for(int kind, const char *name)
{
	const struct setting *row;
	int n = 0;

	for (size_t i = 0; (row = setting_get(i)) != NULL; i++)
		n += row->kind == kind && strcmp(row->name, name) == 0;
	return n;
}

Test(settings, each_parameter_and_flag_has_one_row)
{
	rg_param param = { .struct_size = sizeof param };
	rg_flag flag = { .struct_size = sizeof flag };
	size_t n = 0;

	for (uint32_t i = 0; rg_param_get(i, &param) == RG_OK; i++, n++)
		cr_expect_eq(rows_for(SETTING_PARAMETER, param.name), 1, "%s", param.name);
	for (uint32_t i = 0; rg_flag_get(i, &flag) == RG_OK; i++, n++)
		cr_expect_eq(rows_for((int)flag.verb, flag.name), 1, "%s", flag.name);
	cr_expect_null(setting_get(n), "a row for what the library does not have");
	cr_expect_gt(n, 60);
}

/* A value that can be set, and is not the default. */
static const char *value_of_parameter(const char *name)
{
	static const struct {
		const char *name, *value;
	} special[] = {
		{ "realm_prefix", "sip." }, { "received_param", "rcv" }, { "service_route", "<sip:a@192.0.2.1;lr>" }, { "case_sensitive", "0" },
		{ "use_domain", "0" }, { "disable_gruu", "0" }, { "matching_mode", "1" }, { "min_expires_mode", "reject" },
		{ "malformed_expires", "3600" }, { "eviction", "lowest-q" }, { "cseq_code", "500" }, { "too_many_code", "403" },
		{ "outbound_mode", "on" }, { "max_expires", "7200" }, { "pn_pnsreg_interval", "200" },
		{ "gruu_secret", "a-secret-of-some-length-0123456789" }, { "max_record_bytes", "5000" }, { "max_request_bytes", "5000" },
		{ "nat_bflag", "5" }, { "retry_after", "5" }, { "pn_trigger_interval", "121" },
		{ "min_expires", "30" }, { "pn_ct_match_params", "pn-x" }, { "pn_providers", "apns" },
	};

	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (strcmp(special[i].name, name) == 0)
			return special[i].value;
	return strstr(name, "avp") ? "$avp(x)" : strcmp(name, "tcp_persistent_flag") == 0 ? "f" : strcmp(name,
		"sock_hdr_name") == 0 ? "X-S" : "1";
}

static const char *value_of_flag(const char *name)
{
	return strcmp(name, "ua-filtering") == 0 ? "=/a,b\\/,c/" : strcmp(name, "matching-mode") == 0 ? "=1"
		: strstr(name, "max-") || strstr(name, "min-") ? "=100" : "";
}

/* Reads a command line with stderr closed to what it says. @return what args_read() returns. */
static int read_args(struct args *args, int argc, char **argv)
{
	int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY), result;

	dup2(nowhere, STDERR_FILENO);
	result = args_read(args, argc, argv);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(nowhere);
	return result;
}

/* What is said at the start. */
static void told(const struct args *args, char *text, size_t room)
{
	struct log *log;
	ssize_t n;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	log = log_new(RG_LOG_WARNING, ends[1]);
	settings_tell(args, log);
	log_free(log);
	close(ends[1]);
	n = read(ends[0], text, room - 1);
	text[n > 0 ? n : 0] = '\0';
	close(ends[0]);
}

/* Those that do nothing when nothing else is set. */
static const char alone[] = " received_param sock_hdr_name gruu_secret pn_providers "
	"pn_ct_match_params pn_pnsreg_interval pn_trigger_interval pn_skip_pn_interval pn_refresh_timeout pn_enable_purr "
	"eviction too_many_code max_received_len max_attr_len nat_bflag flow_timer pn_retry pn_max_waits latency_min_delta memory-only "
	"force-registration path-received socket-header to-branches-only branch case-insensitive extended-regexp global "
	"max-ping-latency sort-by-latency ";

static const char refused[] = " mcontact_avp attr_avp no-reply ";

static int is_in(const char *list, const char *name)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", name);
	return strstr(list, word) != NULL;
}

Test(settings, each_of_them_alone)
{
	static const char *const arguments[] = { "--set", "--save", "--lookup" };
	const struct setting *row;

	for (size_t i = 0; (row = setting_get(i)) != NULL; i++) {
		char value[128], argument[16], program[] = "registrard", text[1000];
		char *argv[] = { program, argument, value, NULL };
		struct args args;

		strcpy(argument, arguments[row->kind]);
		snprintf(value, sizeof value, "%s%s%s", row->name, row->kind == SETTING_PARAMETER ? "=" : "",
			row->kind == SETTING_PARAMETER ? value_of_parameter(row->name) : value_of_flag(row->name));
		cr_expect_eq(read_args(&args, 3, argv), is_in(refused, row->name) ? 2 : -1, "%s %s", argument, value);
		if (!is_in(refused, row->name)) {
			told(&args, text, sizeof text);
			cr_expect_eq(text[0] != '\0', is_in(alone, row->name), "%s %s: %s", argument, value, text);
			cr_expect(!text[0] || (strstr(text, row->name) && strstr(text, " warning ") && strstr(text, " does nothing: ")), "%s", text);
		}
		args_free(&args);
	}
}

static void expect_told(int argc, const char *const *given, const char *names)
{
	char *argv[16], text[4000];
	struct args args;
	size_t lines = 0, wanted = 0;

	for (int i = 0; i < argc; i++)
		argv[i] = strdup(given[i]);
	cr_expect_eq(read_args(&args, argc, argv), -1);
	told(&args, text, sizeof text);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	for (const char *p = names; *p; p += strcspn(p, " "), p += *p == ' ', wanted++) {
		char name[64];

		snprintf(name, sizeof name, " %.*s does", (int)strcspn(p, " "), p);
		cr_expect(strstr(text, name), "%s is not in %s", name, text);
	}
	cr_expect_eq(lines, wanted, "%s", text);
	args_free(&args);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
}

#define EXPECT_TOLD(names, ...) \
	expect_told((int)(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)), (const char *[]){ __VA_ARGS__ }, names)

Test(settings, what_they_need_may_be_there)
{
	EXPECT_TOLD("", "r");
	EXPECT_TOLD("", "r", "--set", "flow_timer=90", "--set", "outbound_mode=on", "--save", "path-received", "--set", "nat_bflag=1", "--set",
		"max_received_len=100");
	EXPECT_TOLD("", "r", "--save", "max-contacts=3, force-registration", "--set", "eviction=lowest-q", "--set", "too_many_code=403");
	EXPECT_TOLD("max_contacts", "r", "--save", "max-contacts=3", "--set", "max_contacts=5");
	EXPECT_TOLD("min_expires max_expires", "r", "--save", "min-expires=3,max-expires=100", "--set", "min_expires=5", "--set",
		"max_expires=9");
	EXPECT_TOLD("tcp_persistent_flag", "r", "--listen", "udp:127.0.0.1:0", "--set", "tcp_persistent_flag=f");
	EXPECT_TOLD("", "r", "--control", "/x", "--lookup", "max-ping-latency=5,sort-by-latency", "--set", "latency_min_delta=5");
	EXPECT_TOLD("", "r", "--federate", "memory,192.0.2.1", "--lookup", "global");
	EXPECT_TOLD("memory-only", "r", "--store", "memory:0", "--save", "memory-only");
	EXPECT_TOLD("", "r", "--store", "redis://127.0.0.1", "--save", "memory-only");
	EXPECT_TOLD("global", "r", "--mode", "redirect", "--federate", "memory,192.0.2.1", "--lookup", "global");
	EXPECT_TOLD("", "r", "--save", "socket-header", "--set", "sock_hdr_name=X-S");
	EXPECT_TOLD("min_expires_mode", "r", "--set", "min_expires=0", "--set", "min_expires_mode=reject");
	EXPECT_TOLD("", "r", "--set", "gruu_secret=a", "--set", "disable_gruu=0");
	EXPECT_TOLD("", "r", "--set", "pn_enable=1", "--set", "pn_retry=10", "--set", "pn_providers=apns", "--set", "pn_enable_purr=1", "--set",
		"gruu_secret=s");
	EXPECT_TOLD("gruu_secret", "r", "--set", "pn_enable=1", "--set", "gruu_secret=s");
	/* The default asks for nothing, a later option string replaces an earlier one, and a pattern holds no flags. */
	EXPECT_TOLD("", "r", "--set", "disable_gruu=1", "--set", "pn_refresh_timeout=6", "--save", "memory-only", "--save", "");
	EXPECT_TOLD("case-insensitive", "r", "--lookup", "ua-filtering=/x,global/", "--lookup", "case-insensitive");
	EXPECT_TOLD("", "r", "--lookup", "ua-filtering=/x,global,\\/,branch/,case-insensitive");
}
