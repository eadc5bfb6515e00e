/* SPDX-License-Identifier: MIT */
/* A custom location store, checked against the contract of stores: a sorted list. Every call looks at the whole list, which is fine for
 * a test or a handful of phones. The example shows the contract. */
#include <rgstr/check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	struct item *next; /* in the order of keys, so that the last key of a page can be the cursor */
	rg_record *record;
};

struct list {
	struct item *first;
};

static int compare(rg_str a, rg_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_keys(const rg_key *a, const rg_key *b)
{
	int order = compare(a->domain, b->domain);
	if (!order)
		order = compare(a->user, b->user);
	return order ? order : compare(a->host, b->host);
}

/* The slot of the key, or where it belongs. */
static struct item **place(struct list *list, const rg_key *key, rg_record **found)
{
	struct item **at = &list->first;
	for (*found = NULL; *at; at = &(*at)->next) {
		rg_key own;
		rg_record_key((*at)->record, &own);
		int order = compare_keys(&own, key);
		if (order == 0)
			*found = (*at)->record;
		if (order >= 0)
			break;
	}
	return at;
}

static rg_fetched answer(const rg_record *record)
{
	return (rg_fetched){ .struct_size = sizeof(rg_fetched), .authoritative = 1, .record = rg_record_ref(record),
		.base = *rg_record_revision(record) };
}

static rg_status list_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	(void)flags;
	rg_record *record;
	place(self, key, &record);
	rg_fetched found = answer(record);
	done(tok, RG_OK, &found);
	return RG_OK;
}

static rg_status list_commit(void *self, const rg_key *key, const rg_commit *c, uint32_t flags, rg_commit_cb done, void *tok)
{
	(void)flags;
	rg_record *was;
	struct item **at = place(self, key, &was), *item = *at;
	if (was && rg_revision_equal(rg_record_revision(was), &c->revision)) {
		done(tok, RG_OK, NULL); /* a resend: the commit was done before */
		return RG_OK;
	}
	if (!rg_revision_equal(rg_record_revision(was), &c->base)) {
		rg_fetched current = answer(was);
		done(tok, RG_ECONFLICT, &current);
		return RG_OK;
	}
	if (c->next && !was) {
		item = malloc(sizeof *item);
		if (!item)
			return RG_ENOMEM; /* after an error return the callback must not run */
		item->next = *at;
		*at = item;
	}
	if (c->next) {
		item->record = rg_record_ref(c->next);
	} else if (was) {
		*at = item->next;
		free(item);
	}
	rg_record_unref(was);
	done(tok, RG_OK, NULL);
	return RG_OK;
}

/* The filter of a walk. */
struct walk {
	rg_str domain, tag; /* absent: any */
	rg_time until;      /* RG_TIME_NEVER: any */
};

static int wanted(const struct walk *walk, const rg_record *record, const rg_key *key)
{
	uint32_t i = 0;
	if ((walk->domain.p && !rg_str_equal(key->domain, walk->domain)) || rg_record_deadline(record) > walk->until)
		return 0;
	while (walk->tag.p && i < rg_record_tag_count(record) && !rg_str_equal(rg_record_tag(record, i), walk->tag))
		i++;
	return !walk->tag.p || i < rg_record_tag_count(record);
}

/* A cursor holds the lengths of domain and user, and the octets of the last key given. It may come from anywhere, so it is checked. */
static int read_cursor(rg_str cursor, rg_key *key)
{
	size_t n[2];
	if (cursor.n < sizeof n)
		return 0;
	memcpy(n, cursor.p, sizeof n);
	rg_str rest = { cursor.p + sizeof n, cursor.n - sizeof n };
	if (n[0] > rest.n || n[1] > rest.n - n[0])
		return 0;
	key->domain = (rg_str){ rest.p, n[0] };
	key->user = (rg_str){ rest.p + n[0], n[1] };
	key->host = (rg_str){ rest.p + n[0] + n[1], rest.n - n[0] - n[1] };
	return 1;
}

static rg_str write_cursor(const rg_key *key)
{
	const rg_str parts[] = { key->domain, key->user, key->host };
	size_t n[2] = { key->domain.n, key->user.n }, at = sizeof n;
	char *p = malloc(sizeof n + n[0] + n[1] + key->host.n);
	if (!p)
		return (rg_str){ NULL, 0 };
	memcpy(p, n, sizeof n);
	for (int i = 0; i < 3; at += parts[i++].n) {
		if (parts[i].n > 0)
			memcpy(p + at, parts[i].p, parts[i].n);
	}
	return (rg_str){ p, at };
}

static rg_status give_page(struct list *list, const struct walk *walk, rg_str cursor, uint32_t limit, rg_keys_cb done, void *tok)
{
	rg_key after = { 0 }, keys[32];
	const rg_record *held[32]; /* the callback may commit, so the page holds the records that its keys point into */
	rg_keys page = { .struct_size = sizeof page, .keys = keys, .next = RG_TIME_NEVER };
	uint32_t most = limit < 32 ? limit : 32;
	rg_status status = RG_OK;
	if (limit == 0 || (cursor.p && !read_cursor(cursor, &after)))
		return RG_EINVAL;
	for (struct item *item = list->first; item; item = item->next) {
		rg_key key;
		rg_record_key(item->record, &key);
		if (!wanted(walk, item->record, &key)) {
			if (rg_record_deadline(item->record) > walk->until && rg_record_deadline(item->record) < page.next)
				page.next = rg_record_deadline(item->record);
			continue;
		}
		if (cursor.p && compare_keys(&key, &after) <= 0)
			continue;
		if (page.n == most) {
			page.cursor = write_cursor(&keys[page.n - 1]);
			page.next = walk->until; /* more keys are due already */
			status = page.cursor.p ? RG_OK : RG_ENOMEM;
			break;
		}
		held[page.n] = rg_record_ref(item->record);
		keys[page.n++] = key;
	}
	if (status == RG_OK)
		done(tok, RG_OK, &page);
	free((char *)(uintptr_t)page.cursor.p);
	while (page.n > 0)
		rg_record_unref(held[--page.n]);
	return status;
}

static rg_status list_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)flags;
	return give_page(self, &(struct walk){ .until = now }, *cursor, limit, done, tok);
}

static rg_status list_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)flags;
	return give_page(self, &(struct walk){ *domain, *tag, RG_TIME_NEVER }, *cursor, limit, done, tok);
}

static rg_status list_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)flags;
	return give_page(self, &(struct walk){ .domain = *domain, .until = RG_TIME_NEVER }, *cursor, limit, done, tok);
}

static void list_destroy(void *self)
{
	struct list *list = self;
	for (struct item *next, *item = list->first; item; item = next) {
		next = item->next;
		rg_record_unref(item->record);
		free(item);
	}
	free(list);
}

/* Without RG_STORE_THREAD_SAFE a registrar over this store belongs to one thread. count, watch and unwatch are optional, and left out. */
static const rg_store_ops list_ops = {
	.struct_size = sizeof list_ops,
	.name = "list",
	.traits = RG_STORE_INLINE,
	.fetch = list_fetch,
	.commit = list_commit,
	.due = list_due,
	.find = list_find,
	.scan = list_scan,
	.destroy = list_destroy,
};

static rg_status open_list(void *user, rg_store **out)
{
	(void)user;
	struct list *list = calloc(1, sizeof *list);
	rg_status status = list ? rg_store_new(&list_ops, list, out, NULL) : RG_ENOMEM;
	if (status != RG_OK)
		free(list);
	return status;
}

static void report(void *user, const rg_str *name, const rg_str *wrong)
{
	(void)user;
	printf("%s  %.*s%s%.*s\n", wrong->n ? "FAILED" : "passed", (int)name->n, name->p, wrong->n ? ": " : "", (int)wrong->n, wrong->p);
}

int main(void)
{
	uint32_t failed;
	rg_store_check_options options = { .struct_size = sizeof options, .many = 2000, .open = open_list, .report = report };
	rg_status status = rg_store_check(&options, &failed);
	printf("%s: %u cases failed\n", rg_status_name(status), failed);
	return status == RG_OK ? 0 : 1;
}
