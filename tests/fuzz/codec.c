/* SPDX-License-Identifier: MIT */
/* Any bytes, read as a stored record. What is accepted reads back equal when written, and is written the same again. */
#include <rgstr/record.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_tags(const rg_record *a, const rg_record *b)
{
	must(rg_record_tag_count(a) == rg_record_tag_count(b));
	for (uint32_t i = 0; i < rg_record_tag_count(a); i++) {
		must(rg_record_tag(a, i).n > 0 && rg_str_equal(rg_record_tag(a, i), rg_record_tag(b, i)));
		must(i == 0 || !rg_str_equal(rg_record_tag(a, i), rg_record_tag(a, i - 1)));
	}
}

/* Every byte a view offers can be read. */
static void check_views(const rg_record *r)
{
	rg_contact c = { .struct_size = sizeof c };
	rg_removal gone = { .struct_size = sizeof gone };
	rg_str value;

	for (uint32_t i = 0; i < rg_record_contact_count(r); i++) {
		must(rg_record_contact(r, i, &c) == RG_OK && c.id != 0 && c.uri.n > 0 && c.callid.n > 0 && c.n_addrs <= 8);
		must(c.q >= -1 && c.q <= 1000 && rg_record_deadline(r) <= c.expires);
		must(c.instance.n == 0 || memmem(c.params.p, c.params.n, c.instance.p, c.instance.n) != NULL);
		while (rg_path_next(&c.path, &value))
			must(value.n > 0);
	}
	for (uint32_t i = 0; i < rg_record_removal_count(r); i++)
		must(rg_record_removal(r, i, &gone) == RG_OK && gone.uri.n > 0 && gone.callid.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rg_error *why = rg_error_new();
	rg_record *first, *second;
	uint8_t *a, *b;
	size_t n, m;
	rg_status status = rg_record_decode(data, size, &first, why);

	must((status == RG_OK) == (first != NULL) && (status == RG_OK || rg_error_text(why).n > 0));
	rg_error_free(why);
	if (status != RG_OK)
		return 0;
	must(rg_record_size(first) <= RG_RECORD_BYTES_MAX);
	check_views(first);
	must(rg_record_encode(first, &a, &n) == RG_OK);
	must(rg_record_decode(a, n, &second, NULL) == RG_OK);
	must(rg_record_encode(second, &b, &m) == RG_OK);
	must(n == m && memcmp(a, b, n) == 0);
	must(rg_record_deadline(first) == rg_record_deadline(second));
	must(rg_record_size(first) == rg_record_size(second));
	check_tags(first, second);
	rg_mem_free(a);
	rg_mem_free(b);
	rg_record_unref(first);
	rg_record_unref(second);
	return 0;
}
