/* SPDX-License-Identifier: MIT */
/* Statistics: that each counts what it says (base specification §1.6), and their text for Prometheus. */
#include "bindings.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define NO ((rg_str){ NULL, 0 })

static rg_statistics *stats_of(kit *k)
{
	rg_statistics *stats = NULL;

	cr_assert_eq(rg_read_statistics(k->reg, NO, &stats, NULL), RG_OK);
	return stats;
}

static int64_t value(const rg_statistics *stats, const char *name)
{
	int64_t v = -1;

	cr_assert_eq(rg_statistics_find(stats, rg_str_from(name), &v), RG_OK, "%s", name);
	return v;
}

Test(statistics, are_the_same_by_name_and_by_iteration_and_each_is_there_once)
{
	static const char *const base[] = { "max_expires", "max_contacts", "defaults_expires", "accepted_regs", "rejected_regs" };
	rg_statistic s = { .struct_size = sizeof s }, other = { .struct_size = sizeof other };
	kit k;

	kit_open(&k, INLINE);
	rg_statistics *stats = stats_of(&k);
	uint32_t n = rg_statistics_count(stats), reasons = 0;
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(rg_statistics_get(stats, i, &s), RG_OK);
		cr_expect_eq(s.struct_size, sizeof s);
		cr_expect_eq(s.value, value(stats, s.name), "%s", s.name);
		cr_expect(s.doc && s.doc[0] && s.gauge <= 1, "%s", s.name);
		reasons += strncmp(s.name, "rejects_", 8) == 0;
		for (uint32_t j = 0; j < i; j++) {
			rg_statistics_get(stats, j, &other);
			cr_expect_str_neq(s.name, other.name);
		}
	}
	cr_expect_eq(reasons, (uint32_t)rg_reason_count() - 1, "every reason but the one that is no refusal");
	cr_expect_eq(rg_statistics_get(stats, n, &s), RG_ENOENT);
	for (size_t i = 0; i < ROWS(base); i++)
		cr_expect_geq(value(stats, base[i]), 0, "%s", base[i]);
	cr_expect_eq(value(stats, "default_expires"), value(stats, "defaults_expires"));
	rg_statistics_free(stats);
	kit_close(&k);
}

Test(statistics, three_are_the_values_of_parameters)
{
	rg_config *config;
	kit k;

	kit_open(&k, INLINE);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	rg_config_set_int(config, RG_STR("max_expires"), 7200, NULL);
	rg_config_set_int(config, RG_STR("max_contacts"), 5, NULL);
	rg_config_set_int(config, RG_STR("default_expires"), 1800, NULL);
	cr_expect_eq(kit_stat(&k, "max_expires") + kit_stat(&k, "max_contacts"), 0);
	cr_expect_eq(kit_stat(&k, "defaults_expires"), 3600);
	cr_assert_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
	cr_expect_eq(kit_stat(&k, "max_expires"), 7200);
	cr_expect_eq(kit_stat(&k, "max_contacts"), 5);
	cr_expect_eq(kit_stat(&k, "defaults_expires"), 1800);
	rg_config_free(config);
	kit_close(&k);
}

/* A REGISTER that is refused for one reason; what is left out is sound. The reason is also the statistic's name. */
static const struct {
	const char *statistic, *contact, *expires, *to, *cseq, *callid, *require, *uri;
	int32_t defect;
} refused[] = {
	{ "rejects_inv_cseq", "<sip:a@192.0.2.1>", .cseq = "1 REGISTER" },
	{ "rejects_aor_parse", "<sip:a@192.0.2.1>", .to = "<sip:alice@>" },
	{ "rejects_domain", "<sip:a@192.0.2.1>", .to = "<tel:+1>" },
	{ "rejects_inv_exp", "<sip:a@192.0.2.1>;expires=abc" },
	{ "rejects_inv_q", "<sip:a@192.0.2.1>;q=2" },
	{ "rejects_parse_exp", "<sip:a@192.0.2.1>", .expires = "-1" },
	{ "rejects_parse_cont", "<sip:a@>" },
	{ "rejects_star_exp", "*" },
	{ "rejects_star_cont", "*, <sip:a@192.0.2.1>", .expires = "0" },
	{ "rejects_unescape", "<sip:a@192.0.2.1>", .to = "<sip:al%00ice@example.org>" },
	{ "rejects_to_miss", "<sip:a@192.0.2.1>", .to = "" }, /* absent */
	{ "rejects_require", "<sip:a@192.0.2.1>", .require = "teleport" },
	{ "rejects_sips", "<sips:a@192.0.2.1>" },
	{ "rejects_scheme", "<sip:a@192.0.2.1>", .uri = "tel:+1" },
	{ "rejects_parse", "<sip:a@192.0.2.1>", .defect = RG_R_PARSE },
};

static int refuse(kit *k, size_t i)
{
	phone p = { .aor = "alice", .contact = refused[i].contact, .cseq = 9 };
	rg_str require = rg_str_from(refused[i].require);
	rg_response *response = NULL;
	rg_request r;

	kit_request(&p, &r);
	r.expires = rg_str_from(refused[i].expires);
	r.to_header = !refused[i].to ? r.to_header : *refused[i].to ? rg_str_from(refused[i].to) : NO;
	r.cseq = refused[i].cseq ? rg_str_from(refused[i].cseq) : r.cseq;
	r.request_uri = refused[i].uri ? rg_str_from(refused[i].uri) : r.request_uri;
	r.require = &require;
	r.n_require = require.p != NULL;
	r.defect = refused[i].defect;
	cr_assert_eq(rg_save(k->reg, &r, NULL, &response, NULL), RG_OK);
	int code = rg_response_code(response);
	rg_response_free(response);
	return code;
}

/* Every statistic of the one snapshot against the other, but for what any operation moves. */
static void expect_moved(const rg_statistics *before, const rg_statistics *after, const char *const moved[], size_t n)
{
	static const char *const busy[] = { "operations", "timed_operations", "operation_microseconds", "operation_microseconds_max" };
	int64_t found = 0;
	rg_statistic s = { .struct_size = sizeof s };

	for (uint32_t i = 0; rg_statistics_get(after, i, &s) == RG_OK; i++) {
		int64_t want = 0;
		bool skip = false;

		for (size_t k = 0; k < ROWS(busy); k++)
			skip = skip || strcmp(s.name, busy[k]) == 0;
		for (size_t k = 0; k < n; k++)
			want += strcmp(s.name, moved[k]) == 0;
		int64_t by = s.value - value(before, s.name);
		if (!skip)
			cr_expect_eq(by, want, "%s moved by %" PRId64 " after %s", s.name, by, moved[0]);
		found += want;
	}
	cr_expect_eq(found, (int64_t)n, "each of them is a statistic");
}

Test(statistics, a_refusal_moves_its_reason_and_the_sum_and_nothing_else)
{
	kit k;

	kit_open(&k, INLINE);
	cr_assert_eq(bind(&k, "alice", (bound){ "<sip:a@192.0.2.1>", .cseq = 5 }), 200);
	for (size_t i = 0; i < ROWS(refused); i++) {
		const char *const moved[] = { refused[i].statistic, "rejected_regs" };
		rg_statistics *before = stats_of(&k);

		cr_expect_geq(refuse(&k, i), 400, "%s", refused[i].statistic);
		rg_statistics *after = stats_of(&k);
		expect_moved(before, after, moved, 2);
		rg_statistics_free(before);
		rg_statistics_free(after);
	}
	cr_expect_eq(kit_stat(&k, "rejected_regs"), ROWS(refused));
	cr_expect_eq(kit_stat(&k, "accepted_regs"), 1);
	kit_close(&k);
}

Test(statistics, what_is_accepted_counts_queries_and_removals_too)
{
	static const struct {
		const char *contact;
		int cseq;
		const char *moved[4];
		size_t n;
	} steps[] = {
		{ "<sip:a@192.0.2.1>", 1, { "accepted_regs", "commits", "live_aors", "live_contacts" }, 4 },
		{ "<sip:b@192.0.2.1>", 2, { "accepted_regs", "commits", "live_contacts" }, 3 },
		{ "<sip:b@192.0.2.1>", 3, { "accepted_regs", "commits" }, 2 },
		{ "<sip:b@192.0.2.1>", 3, { "accepted_regs" }, 1 }, /* a retransmission */
		{ NULL, 4, { "accepted_regs" }, 1 },
	};
	kit k;

	kit_open(&k, INLINE);
	for (size_t i = 0; i < ROWS(steps); i++) {
		rg_statistics *before = stats_of(&k);

		cr_expect_eq(kit_save(&k, "alice", steps[i].contact, steps[i].cseq), 200);
		rg_statistics *after = stats_of(&k);
		expect_moved(before, after, steps[i].moved, steps[i].n);
		rg_statistics_free(before);
		rg_statistics_free(after);
	}
	cr_expect_eq(kit_save(&k, "alice", "<sip:b@192.0.2.1>;expires=0", 5), 200);
	cr_expect_eq(kit_stat(&k, "accepted_regs"), 6);
	cr_expect_eq(kit_stat(&k, "live_contacts"), 1);
	cr_expect_eq(kit_stat(&k, "rejected_regs"), 0);
	kit_close(&k);
}

Test(statistics, rejected_regs_is_the_sum_of_the_reasons)
{
	int64_t sum = 0;
	rg_statistic s = { .struct_size = sizeof s };
	kit k;

	kit_open(&k, INLINE);
	for (size_t i = 0; i < 100; i++)
		refuse(&k, i * i % ROWS(refused));
	rg_statistics *stats = stats_of(&k);
	for (uint32_t i = 0; rg_statistics_get(stats, i, &s) == RG_OK; i++)
		sum += strncmp(s.name, "rejects_", 8) == 0 ? s.value : 0;
	cr_expect_eq(sum, value(stats, "rejected_regs"));
	cr_expect_eq(sum + value(stats, "accepted_regs"), 100, "each REGISTER is one or the other");
	rg_statistics_free(stats);
	kit_close(&k);
}

/* What a strict reader of the format makes of a text. Each line must be one of the three kinds, each metric one group. */
typedef struct reading {
	const rg_statistics *stats;
	const char *labels; /* as every sample must have them, without the braces; NULL = none */
	char metric[128];   /* the one being read */
	bool helped, typed, gauge;
	uint32_t samples, metrics;
	char seen[8192];    /* metrics and statistics met, each between spaces */
} reading;

static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isalpha((unsigned char)s[i]) && s[i] != '_' && s[i] != ':' && !(i > 0 && isdigit((unsigned char)s[i])))
			return false;
	}
	return n > 0;
}

/* Says that it was met, and that it was not before. */
static void first_time(reading *r, const char *what)
{
	char needle[160];

	snprintf(needle, sizeof needle, " %s ", what);
	cr_expect_null(strstr(r->seen, needle), "%s is there twice", what);
	strcat(r->seen, needle);
}

static void read_comment(reading *r, const char *line)
{
	char kind[8], name[128], rest[512];

	cr_assert_eq(sscanf(line, "# %7[A-Z] %127[^ ] %511[^\n]", kind, name, rest), 3, "%s", line);
	cr_expect(is_name(name, strlen(name)), "%s", line);
	if (strcmp(kind, "HELP") == 0) {
		first_time(r, name);
		strcpy(r->metric, name);
		r->helped = true;
		r->typed = false;
		r->metrics++;
		cr_expect_null(strchr(rest, '\\'), "nothing of ours needs an escape: %s", line);
		return;
	}
	cr_expect_str_eq(kind, "TYPE");
	cr_expect(r->helped && !r->typed, "one TYPE, after HELP: %s", line);
	cr_expect_str_eq(name, r->metric, "%s", line);
	r->typed = true;
	r->gauge = strcmp(rest, "gauge") == 0;
	cr_expect(r->gauge || strcmp(rest, "counter") == 0, "%s", line);
}

/* `{a="b",c="d"}` → what is between the braces; the reason, if there is one, taken off its end. Returns where it ends. */
static const char *read_labels(reading *r, const char *at, char reason[64])
{
	size_t own = r->labels ? strlen(r->labels) : 0;

	*reason = '\0';
	if (*at != '{') {
		cr_expect_eq(own, 0, "no labels: %s", at);
		return at;
	}
	at++;
	cr_expect(own == 0 || strncmp(at, r->labels, own) == 0, "%s", at);
	at += own;
	if (own > 0 && *at == '}')
		return at + 1;
	at += own > 0;
	cr_expect_eq(own == 0 || at[-1] == ',', true, "%s", at);
	cr_assert_eq(sscanf(at, "reason=\"%63[a-z_]\"}", reason), 1, "%s", at);
	return at + strlen("reason=\"\"}") + strlen(reason);
}

static void read_sample(reading *r, const char *line)
{
	char reason[64], statistic[160];
	size_t n = strcspn(line, "{ ");
	const char *at = read_labels(r, line + n, reason);
	int64_t v;
	int end = 0;

	cr_expect(n == strlen(r->metric) && strncmp(line, r->metric, n) == 0, "in the group of %s: %s", r->metric, line);
	cr_assert_eq(sscanf(at, " %" SCNd64 "%n", &v, &end), 1, "%s", line);
	cr_expect(at[0] == ' ' && at[end] == '\0', "%s", line);
	cr_expect(r->typed && strncmp(r->metric, "rgstr_", 6) == 0, "%s", line);
	size_t stem = strlen(r->metric) - 6 - (r->gauge ? 0 : strlen("_total"));
	cr_expect_eq(strcmp(r->metric + strlen(r->metric) - strlen("_total"), "_total") == 0, !r->gauge, "%s", line);
	snprintf(statistic, sizeof statistic, "%.*s%s%s", (int)stem, r->metric + 6, *reason ? "_" : "", reason);
	first_time(r, statistic);
	cr_expect_eq(v, value(r->stats, statistic), "%s", line);
	r->samples++;
}

static void read_text(reading *r, const char *text, size_t n)
{
	char *copy = strndup(text, n), *next;

	cr_assert(n > 0 && text[n - 1] == '\n', "the last line ends too");
	copy[n - 1] = '\0';
	for (char *line = copy; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line == '#')
			read_comment(r, line);
		else
			read_sample(r, line);
	}
	free(copy);
}

static void open_busy(kit *k)
{
	kit_open(k, INLINE);
	for (int i = 0; i < 40; i++)
		kit_save(k, "alice", "<sip:a@192.0.2.1>", i / 2);
	for (size_t i = 0; i < ROWS(refused); i++)
		refuse(k, i);
}

static const rg_statistics_label two[] = { { { "site", 4 }, { "a\"b\\c\nd", 7 } }, { { "_n0de", 5 }, { "\xc3\xa9\xf0\x9f\x93\x9e", 6 } } };

Test(statistics, prometheus_reads_every_one_of_them_once)
{
	for (uint32_t n_labels = 0; n_labels <= 2; n_labels++) {
		static const char *const texts[] = { NULL, "site=\"a\\\"b\\\\c\\nd\"",
			"site=\"a\\\"b\\\\c\\nd\",_n0de=\"\xc3\xa9\xf0\x9f\x93\x9e\"" };
		static char room[32768];
		size_t n = 0;
		kit k;

		open_busy(&k);
		reading r = { .stats = stats_of(&k), .labels = texts[n_labels] };
		cr_assert_eq(rg_statistics_prometheus(r.stats, two, n_labels, room, sizeof room, &n), RG_OK);
		cr_assert_leq(n, sizeof room);
		read_text(&r, room, n);
		cr_expect_eq(r.samples, rg_statistics_count(r.stats));
		cr_expect_eq(r.metrics, rg_statistics_count(r.stats) - (rg_reason_count() - 1) + 1, "the reasons are one metric");
		rg_statistics_free((rg_statistics *)r.stats);
		kit_close(&k);
	}
}

Test(statistics, prometheus_is_told_what_counts_and_what_does_not)
{
	static const char *const lines[] = {
		"# HELP rgstr_max_expires value of the parameter max_expires, in seconds\n# TYPE rgstr_max_expires gauge\nrgstr_max_expires 0\n",
		"# TYPE rgstr_accepted_regs_total counter\nrgstr_accepted_regs_total 2\n",
		"# TYPE rgstr_rejected_regs_total counter\nrgstr_rejected_regs_total 1\n",
		"# TYPE rgstr_rejects_total counter\nrgstr_rejects_total{reason=\"internal\"} 0\nrgstr_rejects_total{reason=\"inv_cseq\"} 1\n",
		"# TYPE rgstr_operation_microseconds_total counter\n",
		"# TYPE rgstr_operation_microseconds_max gauge\n",
		"# TYPE rgstr_live_contacts gauge\nrgstr_live_contacts 1\n",
	};
	char room[32768];
	size_t n;
	kit k;

	kit_open(&k, INLINE);
	kit_save(&k, "alice", "<sip:a@192.0.2.1>", 2);
	kit_save(&k, "alice", NULL, 2);
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@192.0.2.1>", 1), 400);
	rg_statistics *stats = stats_of(&k);
	cr_assert_eq(rg_statistics_prometheus(stats, NULL, 0, room, sizeof room - 1, &n), RG_OK);
	room[n] = '\0';
	for (size_t i = 0; i < ROWS(lines); i++)
		cr_expect_not_null(strstr(room, lines[i]), "%s is not in\n%s", lines[i], room);
	rg_statistics_free(stats);
	kit_close(&k);
}

Test(statistics, prometheus_gets_as_much_as_there_is_room_for)
{
	size_t whole = 0, n;
	kit k;

	open_busy(&k);
	rg_statistics *stats = stats_of(&k);
	cr_assert_eq(rg_statistics_prometheus(stats, two, 2, NULL, 0, &whole), RG_OK);
	cr_assert_gt(whole, 1000);
	char *text = malloc(whole);
	cr_assert_eq(rg_statistics_prometheus(stats, two, 2, text, whole, &n), RG_OK);
	cr_expect_eq(n, whole);
	for (size_t size = 0; size <= whole; size++) {
		char *room = malloc(size + 1); /* of its own, so that a sanitizer sees the first octet too many */

		room[size] = '\377';
		cr_assert_eq(rg_statistics_prometheus(stats, two, 2, room, size, &n), RG_OK);
		cr_assert_eq(n, whole, "with room for %zu", size);
		cr_assert(memcmp(room, text, size) == 0 && room[size] == '\377', "with room for %zu", size);
		free(room);
	}
	free(text);
	rg_statistics_free(stats);
	kit_close(&k);
}

static const struct {
	const char *name, *value;
	size_t n; /* 0 = as long as it is */
	rg_status status;
} labels[] = {
	{ "a", "", 0, RG_OK }, { "_", "x", 0, RG_OK }, { "A9_z", "x", 0, RG_OK }, { "reasons", "x", 0, RG_OK },
	{ "", "x", 0, RG_EINVAL }, { "9a", "x", 0, RG_EINVAL }, { "a-b", "x", 0, RG_EINVAL }, { "a:b", "x", 0, RG_EINVAL },
	{ "a b", "x", 0, RG_EINVAL },
	{ "a=\"b\",c", "x", 0, RG_EINVAL }, { "a\n", "x", 0, RG_EINVAL }, { "\xc3\xa9", "x", 0, RG_EINVAL }, { "__name__", "x", 0, RG_EINVAL },
	{ "__", "x", 0, RG_EINVAL }, { "reason", "x", 0, RG_EINVAL },
	{ "a", "x\r", 0, RG_EINVAL }, { "a", "x\ty", 0, RG_EINVAL }, { "a", "\x1b[2J", 0, RG_EINVAL }, { "a", "\x7f", 0, RG_EINVAL },
	{ "a", "x\0y", 3, RG_EINVAL }, { "a", "\x80", 0, RG_EINVAL }, { "a", "\xc3", 0, RG_EINVAL }, { "a", "\xc0\xaf", 0, RG_EINVAL },
	{ "a", "\xc3(", 0, RG_EINVAL }, { "a", "\xe0\x80\xaf", 0, RG_EINVAL }, { "a", "\xed\xa0\x80", 0, RG_EINVAL },
	{ "a", "\xe2\x82", 0, RG_EINVAL },
	{ "a", "\xe2\x82\xac", 0, RG_OK }, { "a", "\xe2\x28\xac", 0, RG_EINVAL }, { "a", "\xe2\x82(", 0, RG_EINVAL },
	{ "a", "\xf0\x80\x80\x80", 0, RG_EINVAL }, { "a", "\xf4\x8f\xbf\xbf", 0, RG_OK }, { "a", "\xf4\x90\x80\x80", 0, RG_EINVAL },
	{ "a", "\xf5\x80\x80\x80", 0, RG_EINVAL }, { "a", "\xff", 0, RG_EINVAL }, { "a", "\xc2\x80", 0, RG_OK },
};

Test(statistics, prometheus_labels_are_checked_before_anything_is_written)
{
	char room[64];
	size_t n;
	kit k;

	kit_open(&k, INLINE);
	rg_statistics *stats = stats_of(&k);
	for (size_t i = 0; i < ROWS(labels); i++) {
		size_t length = labels[i].n ? labels[i].n : strlen(labels[i].value);
		char *own = malloc(length + 1); /* of its own, and no NUL behind it */
		memcpy(own, labels[i].value, length);
		rg_statistics_label pair[] = { { RG_STR("first"), RG_STR("x") }, { rg_str_from(labels[i].name), { own, length } } };

		memset(room, '?', sizeof room);
		n = 9;
		own = realloc(own, length ? length : 1);
		pair[1].value.p = own;
		cr_expect_eq(rg_statistics_prometheus(stats, pair, 2, room, sizeof room, &n), labels[i].status, "row %zu: %s", i, labels[i].name);
		cr_expect_eq(n > 0, labels[i].status == RG_OK);
		cr_expect_eq(room[0] == '?', labels[i].status != RG_OK);
		free(own);
	}
	rg_statistics_free(stats);
	kit_close(&k);
}

Test(statistics, prometheus_takes_no_nonsense)
{
	rg_statistics_label many[RG_STATISTICS_LABELS_MAX + 1];
	char names[RG_STATISTICS_LABELS_MAX + 1][4], room[64];
	size_t n = 9;
	kit k;

	kit_open(&k, INLINE);
	rg_statistics *stats = stats_of(&k);
	for (int i = 0; i <= RG_STATISTICS_LABELS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "l%d", i);
		many[i] = (rg_statistics_label){ rg_str_from(names[i]), NO };
	}
	cr_expect_eq(rg_statistics_prometheus(NULL, NULL, 0, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_statistics_prometheus(stats, NULL, 0, NULL, 1, &n), RG_EINVAL);
	cr_expect_eq(rg_statistics_prometheus(stats, NULL, 1, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(rg_statistics_prometheus(stats, NULL, 0, room, sizeof room, NULL), RG_EINVAL);
	cr_expect_eq(rg_statistics_prometheus(stats, many, RG_STATISTICS_LABELS_MAX + 1, room, sizeof room, &n), RG_ELIMIT);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_statistics_prometheus(stats, many, RG_STATISTICS_LABELS_MAX, room, sizeof room, &n), RG_OK);
	many[3].name = many[2].name;
	cr_expect_eq(rg_statistics_prometheus(stats, many, RG_STATISTICS_LABELS_MAX, room, sizeof room, &n), RG_EINVAL, "one comes twice");
	rg_statistics_free(stats);
	kit_close(&k);
}
