/* SPDX-License-Identifier: MIT */
/* The same bytes through librgstr-sofia and librgstr-wire: the same status, reply, record, and the same words to the host.
 * usage: differential CORPUS… runs the torture messages, every file of the folders, and 20 000 generated messages.
 * differential COUNT SEED MOST runs generated messages alone, until MOST differences are found. Each is printed with its seed, and
 * so can be repeated. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "generate.h"
#include "pair.h"
#include "planted.h"
#include "torture.h"

enum { SCENE = 48, NORMAL = 20000, PLANTED_MOST = 30000, EXTENDED = 2 };

static tally seen;

static void print_octets(rg_str s)
{
	fputs("--- message\n", stderr);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\n')
			fputs("\\n\n", stderr);
		else if (c == '\r')
			fputs("\\r", stderr);
		else if (c >= ' ' && c < 0x7f && c != '\\')
			fputc(c, stderr);
		else
			fprintf(stderr, "\\x%02x", c);
	}
	fputc('\n', stderr);
}

static int failed(const char *where, const char *what, rg_str bytes)
{
	fprintf(stderr, "differential: %s: %s", where, what);
	print_octets(bytes);
	return 1;
}

/* The bytes in exactly as much memory, so that a sanitizer sees a read past them. */
static const char *judge_exactly(pair *p, const char *bytes, size_t n, uint32_t manner)
{
	char *exact = malloc(n ? n : 1);

	front_must(exact != NULL, "there is memory");
	memcpy(exact, bytes, n);
	const char *found = pair_judge(p, (rg_str){ exact, n }, manner);
	free(exact);
	return found;
}

/* One message in each configuration and form. */
static int judge_everywhere(const char *where, const char *bytes, size_t n)
{
	for (uint32_t kind = 0; kind < pair_kinds(); kind++) {
		pair *p = pair_new(kind, &front_sofia, &front_wire, &seen);
		const char *found = NULL;
		for (uint32_t manner = 0; manner < MANNERS && !found && !pair_apart(p); manner++)
			found = judge_exactly(p, bytes, n, manner);
		if (!found && !pair_apart(p))
			found = pair_compare_all(p);
		int bad = found ? failed(where, found, (rg_str){ bytes, n }) : 0;
		pair_free(p);
		if (bad)
			return 1;
	}
	return 0;
}

static int expect_torture(const torture *t, const front *of)
{
	pair *p = pair_new(0, of, of, &seen);
	int bad = 0;

	judge_exactly(p, t->bytes, t->n, 0);
	const answer *a = pair_answer(p, 1);
	int32_t code = a->status == RG_EINVAL ? NO_MESSAGE : a->code;
	uint32_t bindings = pair_bindings(p);
	if (code != t->code || bindings != t->bindings) {
		fprintf(stderr, "differential: %s by %s: code %d and not %d, %u bindings and not %u\n%s\n", t->section, of->name, (int)code,
			(int)t->code,
			(unsigned)bindings, (unsigned)t->bindings, a->reply ? a->reply : "no reply");
		bad = 1;
	}
	judge_exactly(p, t->bytes, t->n, MANNER_LOOKUP);
	/* Sofia cannot read each of these requests; what it makes of them is compared below. */
	if (of == &front_wire && t->lookup != 0 && pair_answer(p, 1)->code != t->lookup) {
		fprintf(stderr, "differential: %s by %s: looked up, code %d and not %d\n", t->section, of->name, (int)pair_answer(p, 1)->code,
			(int)t->lookup);
		bad = 1;
	}
	pair_free(p);
	return bad;
}

static int torture_all(const torture *rows, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		bad |= expect_torture(&rows[i], &front_sofia);
		bad |= expect_torture(&rows[i], &front_wire);
		bad |= judge_everywhere(rows[i].section, rows[i].bytes, rows[i].n);
	}
	return bad;
}

/* Messages @p first … for one pair. */
static const char *play_scene(uint64_t seed, uint64_t first, uint32_t n, pair *p, char *room, size_t *size, uint64_t *at)
{
	const char *found = NULL;

	for (uint32_t i = 0; i < n && !found && !pair_apart(p); i++) {
		uint64_t mix = (seed * 0x9e3779b97f4a7c15u) ^ ((first + i) * 0xd1342543de82ef95u);
		*at = first + i;
		*size = generate(mix, i, room);
		found = judge_exactly(p, room, *size, (uint32_t)(mix >> 40) % MANNERS);
		if (!found && !pair_apart(p) && (mix >> 50) % 16 == 0)
			found = pair_sleep(p, (rg_time)((mix >> 30) % 4000000));
	}
	return found || pair_apart(p) ? found : pair_compare_all(p);
}

/* @param most  differences to print before the end, at most one for each pair. */
static int generated(uint64_t count, uint64_t seed, uint64_t most)
{
	static char room[GENERATED_MOST];
	char where[96];
	uint64_t bad = 0;

	for (uint64_t done = 0; done < count; done += SCENE) {
		uint32_t n = count - done < SCENE ? (uint32_t)(count - done) : SCENE, kind = (uint32_t)(done / SCENE);
		pair *p = pair_new(kind, &front_sofia, &front_wire, &seen);
		size_t size = 0;
		uint64_t at = 0;
		const char *found = play_scene(seed, done, n, p, room, &size, &at);
		snprintf(where, sizeof where, "seed %" PRIu64 ", message %" PRIu64 ", config %s", seed, at, pair_kind_name(kind));
		bad += found ? (uint64_t)failed(where, found, (rg_str){ room, size }) : 0;
		pair_free(p);
		if (bad >= most)
			return 1;
	}
	return bad > 0;
}

static int one_file(const char *path)
{
	struct stat st;
	FILE *file = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;

	if (!file)
		return 0;
	size_t n = (size_t)st.st_size;
	char *bytes = malloc(n + 1);
	front_must(bytes && fread(bytes, 1, n, file) == n, path);
	fclose(file);
	int bad = judge_everywhere(path, bytes, n);
	free(bytes);
	return bad;
}

static int folder(const char *path)
{
	DIR *dir = opendir(path);
	int bad = 0, n = 0;
	char file[4096];

	if (!dir) {
		perror(path);
		return 1;
	}
	for (struct dirent *entry; (entry = readdir(dir)); n++) {
		snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		bad |= one_file(file);
	}
	closedir(dir);
	return bad || n < 3;
}

/* Every second scene has the configuration that acts on every extension there is. */
static bool scene_differs(uint32_t scene, const front *by)
{
	static char room[GENERATED_MOST];
	tally ignored = { 0 };
	pair *p = pair_new(scene % 2 ? EXTENDED : scene / 2, &front_sofia, by, &ignored);
	size_t size;
	uint64_t at;
	bool differs = play_scene(1, (uint64_t)scene * SCENE, SCENE, p, room, &size, &at) != NULL;

	pair_free(p);
	return differs;
}

/* A comparison that cannot fail would tell nothing: each planted fault has to be found in some scene, where nothing is found without it. */
static int planted_are_found(void)
{
	int bad = 0;

	for (uint32_t fault = 0; fault < n_planted; fault++) {
		uint32_t scene = 0;
		while (scene < PLANTED_MOST / SCENE && !scene_differs(scene, &planted[fault]))
			scene++;
		bool found = scene < PLANTED_MOST / SCENE && !scene_differs(scene, &front_wire);
		if (!found)
			fprintf(stderr, "differential: nobody notices: %s\n", planted[fault].name);
		bad |= !found;
	}
	return bad;
}

/* What must have come up in a run of some size. */
static int tested_enough(void)
{
	static const int codes[] = { 200, 400, 403, 404, 405, 413, 416, 420, 421, 423, 439, 480, 503, 505, 555 };
	int bad = 0;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (seen.codes[codes[i]] == 0) {
			fprintf(stderr, "differential: no message was answered with %d\n", codes[i]);
			bad = 1;
		}
	}
	if (seen.changes < seen.messages / 20 || seen.targets < seen.messages / 500 || seen.empty_lookups < seen.messages / 100 ||
		seen.errors == 0) {
		fprintf(stderr, "differential: too little happened\n");
		bad = 1;
	}
	return bad;
}

static void print_tally(void)
{
	printf("%" PRIu64 " messages: %" PRIu64 " replies, %" PRIu64 " changes, ", seen.messages, seen.replies, seen.changes);
	printf("%" PRIu64 " lookups with targets, %" PRIu64 " without, ", seen.targets, seen.empty_lookups);
	printf("%" PRIu64 " unanswered, %" PRIu64 " no messages\n", seen.silent, seen.errors);
	for (int i = 0; i < 700; i++) {
		if (seen.codes[i] > 0)
			printf("%d: %" PRIu64 "\n", i, seen.codes[i]);
	}
	for (uint32_t i = 0; allowed_name(i); i++)
		printf("allowed, %s: %" PRIu64 "\n", allowed_name(i), seen.excused[i]);
}

/* False: @p text is no number. */
static bool number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

int main(int argc, char **argv)
{
	uint64_t count, seed = 1, most = 1;
	int bad = 0;

	if (argc > 1 && number(argv[1], &count)) {
		if (argc > 4 || (argc > 2 && !number(argv[2], &seed)) || (argc > 3 && !number(argv[3], &most))) {
			fprintf(stderr, "usage: %s CORPUS… | %s COUNT [SEED [MOST]]\n", argv[0], argv[0]);
			return 2;
		}
		bad = generated(count, seed, most);
		print_tally();
		return bad;
	}
	bad |= planted_are_found();
	bad |= torture_all(torture_4475, n_torture_4475);
	bad |= torture_all(torture_5118, n_torture_5118);
	for (int i = 1; i < argc; i++)
		bad |= folder(argv[i]);
	bad |= generated(NORMAL, seed, 1);
	bad |= tested_enough();
	print_tally();
	return bad;
}
