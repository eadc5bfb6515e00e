/* SPDX-License-Identifier: MIT */
#include "verbs/query_answer.h"
#include <stdlib.h>

struct rg_answer {
	rg_record *record;
	uint16_t *indexes;
	uint32_t n;
	size_t aor_n;
	char aor[];
};

rg_status rg__answer_new(const rg_key *key, const rg_record *record, uint16_t *indexes, uint32_t n, rg_answer **out)
{
	size_t aor_n = rg_key_print(key, NULL, 0);
	rg_answer *a = malloc(sizeof *a + aor_n);

	*out = a;
	if (!a) {
		free(indexes);
		return RG_ENOMEM;
	}
	*a = (rg_answer){ .record = rg_record_ref(record), .indexes = indexes, .n = n, .aor_n = aor_n };
	rg_key_print(key, a->aor, aor_n);
	return RG_OK;
}

void rg_answer_free(rg_answer *a)
{
	if (!a)
		return;
	rg_record_unref(a->record);
	free(a->indexes);
	free(a);
}

int32_t rg_answer_result(const rg_answer *a)
{
	return a && a->n > 0;
}

uint32_t rg_answer_contact_count(const rg_answer *a)
{
	return a ? a->n : 0;
}

rg_status rg_answer_contact(const rg_answer *a, uint32_t index, rg_contact *out)
{
	return rg_record_contact(a ? a->record : NULL, a && index < a->n ? a->indexes[index] : UINT32_MAX, out);
}

rg_str rg_answer_aor(const rg_answer *a)
{
	return a ? (rg_str){ a->aor, a->aor_n } : RG__ABSENT;
}
