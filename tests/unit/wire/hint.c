/* SPDX-License-Identifier: MIT */
/* Which users many calls tell the store of before the first one is answered. */
#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/wire.h>
#include <stdio.h>
#include <string.h>

/* A store that notes which users it is told of. */
typedef struct noting {
	rg_store *inner;
	char names[4096];
	uint32_t told;
} noting;

static void noting_prefetch(void *self, const rg_key *keys, uint32_t n)
{
	noting *s = self;

	s->told++;
	for (uint32_t i = 0; i < n; i++)
		snprintf(s->names + strlen(s->names), sizeof s->names - strlen(s->names), "%.*s:%.*s ", (int)keys[i].domain.n, keys[i].domain.p,
			(int)keys[i].user.n, keys[i].user.p);
}

static rg_status noting_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((noting *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static rg_registrar *over_noting(noting *s)
{
	void *self;
	rg_registrar *reg = NULL;
	rg_store *store = NULL;

	*s = (noting){ .inner = NULL };
	cr_assert_eq(rg_memory_store_new(NULL, &s->inner, NULL), RG_OK);
	rg_store_ops ops = *rg_store_members(s->inner, &self);
	ops.name = "noting";
	ops.fetch = noting_fetch;
	ops.prefetch = noting_prefetch;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, s, &store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(NULL, store, NULL, &reg, NULL), RG_OK);
	rg_store_unref(store);
	return reg;
}

#define LOOK RG_WIRE_REDIRECT
#define HEAD "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n"

/* Calls that commit nothing, and whom the store is told of. */
static const struct told {
	const char *texts[3];
	uint32_t flags;
	const char *domain, *aor; /* of the second call */
	const char *names;
} told[] = {
	{ { HEAD "To: <sip:a@h>\r\n\r\n", HEAD "t : sip:b@h;x\r\n\r\n", "\r\n\r\n" HEAD "tO:\t\"B\" <sip:%41@h>;tag=1\r\n\r\n" }, 0, NULL, NULL,
		"location:a location:b location:A " },
	{ { HEAD "To: <sip:a@h>\r\n\r\n", HEAD "To: <sip:b@h>\r\n\r\n", HEAD "To: <sip:c@h>\r\n\r\n" }, 0, "other", NULL,
		"location:a other:b location:c " },
	{ { HEAD "To: <sip:a@h>\r\n\r\n", HEAD "To: <sip:b@h>\r\n\r\n", HEAD "To: <sip:c@h>\r\n\r\n" }, 0, NULL, "sip:d@h",
		"location:a location:d location:c " },
	{ { "INVITE sip:a@h SIP/2.0\r\n", "INVITE sip:b@h SIP/2.0\r\n", HEAD "Token: sip:c@h\r\nt\r\nTo: <sip:d@h>\r\n\r\n" }, LOOK, NULL, NULL,
		"location:a location:b location:d " },
	{ { "INVITE sip:a@h SIP/2.0\r\n", "INVITE sip:b@h SIP/2.0\r\n", HEAD "\r\nTo: <sip:c@h>\r\n\r\n" }, 0, NULL, NULL, "" },
	{ { "SIP/2.0 200 OK\r\n", "", "INVITE sip:b@h" }, LOOK, NULL, NULL, "" },
	{ { HEAD "To: <sip:a@h>", HEAD "To: ", HEAD "To" }, 0, NULL, NULL, "location:a " },
};

Test(hint, tells_the_store_of_all_users_first)
{
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		noting s;
		rg_registrar *reg = over_noting(&s);
		rg_wire_call calls[3];
		rg_request host;

		rg_request_init(&host, sizeof host);
		host.domain = rg_str_from(told[i].domain);
		host.aor = rg_str_from(told[i].aor);
		for (int j = 0; j < 3; j++) {
			rg_wire_call_init(&calls[j], sizeof calls[j]);
			calls[j].bytes = rg_str_from(told[i].texts[j]);
			calls[j].flags = told[i].flags;
			calls[j].host = j == 1 ? &host : NULL;
		}
		cr_expect_eq(rg_wire_handle_many(reg, calls, 3, NULL), RG_OK);
		cr_expect_str_eq(s.names, told[i].names, "row %zu", i);
		uint32_t once = s.told;

		cr_expect_eq(rg_wire_handle_many(reg, calls, 1, NULL), RG_OK);
		cr_expect_eq(s.told, once, "one call is not told of");
		rg_registrar_unref(reg);
		rg_store_unref(s.inner);
	}
}

Test(hint, tells_the_store_of_a_part_at_a_time)
{
	enum { ALL = 70 };
	static char texts[ALL][256];
	rg_wire_call calls[ALL];
	char names[4096] = "";
	noting s;
	rg_registrar *reg = over_noting(&s);

	for (int i = 0; i < ALL; i++) {
		int n = snprintf(texts[i], sizeof texts[i], HEAD "To: <sip:u%d@h>\r\n\r\n", i);

		rg_wire_call_init(&calls[i], sizeof calls[i]);
		calls[i].bytes = (rg_str){ texts[i], (size_t)n };
		snprintf(names + strlen(names), sizeof names - strlen(names), "location:u%d ", i);
	}
	cr_expect_eq(rg_wire_handle_many(reg, calls, ALL, NULL), RG_OK);
	cr_expect_str_eq(s.names, names);
	cr_expect_eq(s.told, 3);
	rg_registrar_unref(reg);
	rg_store_unref(s.inner);
}

/* The limits of a message are checked when it is answered, so a hint does not read all of a long one. */
Test(hint, does_not_look_for_a_user_behind_many_octets)
{
	enum { BEFORE = 8000 };
	static char text[BEFORE + 512];
	noting s;
	rg_registrar *reg = over_noting(&s);
	rg_wire_call calls[2];
	int n = snprintf(text, sizeof text, "%sX: %*s\r\nTo: <sip:far@h>\r\n\r\n", HEAD, BEFORE, "x");

	rg_wire_call_init(&calls[0], sizeof calls[0]);
	calls[0].bytes = (rg_str){ text, (size_t)n };
	rg_wire_call_init(&calls[1], sizeof calls[1]);
	calls[1].bytes = rg_str_from(HEAD "To: <sip:near@h>\r\n\r\n");
	cr_expect_eq(rg_wire_handle_many(reg, calls, 2, NULL), RG_OK);
	cr_expect_str_eq(s.names, "location:near ");
	rg_registrar_unref(reg);
	rg_store_unref(s.inner);
}
