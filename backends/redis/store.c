/* SPDX-License-Identifier: MIT */
/* The store as an object: its options, its members, its beginning and its end. */
#include "links.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <uuid/uuid.h>

#define MAGIC UINT64_C(0x72675f7265646973) /* another store may have the same name */

static void redis_destroy(void *self)
{
	rg__redis *r = self;
	rg__redis_links *s = r->links;

	r->dead = true;
	if (r->ops)
		rg__redis_ops_closing(r);
	for (uint32_t i = 0; i < LINKS; i++) {
		rg__redis_request *list = rg__redis_take_all(&s->link[i]);
		rg__redis_link_close(&s->link[i]);
		rg__redis_complete_all(r, list, RG_ECANCELED);
	}
	rg__redis_loop_close(r);
	rg__redis_resolve_close(r);
	rg__redis_channels_free(r);
	rg__redis_release(r);
}

void rg__redis_release(rg__redis *r)
{
	if (--r->refs > 0)
		return;
	rg__redis_ops_free(r);
	rg__redis_url_free(&r->url);
	if (r->links) {
		free(r->links->name);
		free(r->links->address);
		free(r->links);
	}
	free((char *)r->schema.p);
	if (r->host.free)
		r->host.free(r->host.user);
	free(r);
}

static const rg_store_ops redis_ops = {
	.struct_size = sizeof redis_ops,
	.name = RG__REDIS_NAME,
	.traits = RG_STORE_SHARED,
	.fetch = rg__redis_fetch,
	.commit = rg__redis_commit,
	.due = rg__redis_due,
	.find = rg__redis_find,
	.scan = rg__redis_scan,
	.watch = rg__redis_watch,
	.unwatch = rg__redis_unwatch,
	.wait = rg__redis_wait,
	.cancel = rg__redis_cancel,
	.destroy = redis_destroy,
};

rg__redis *rg__redis_of(const rg_store *store)
{
	rg__redis *r = rg_store_self(store, RG__REDIS_NAME);

	return r && r->magic == MAGIC ? r : NULL;
}

static const uint32_t options_sizes[] = { sizeof(rg_redis_options) }, state_sizes[] = { sizeof(rg_redis_state) };
static const uint32_t statistic_sizes[] = { sizeof(rg_statistic) };

void rg_redis_options_init(rg_redis_options *options, uint32_t size)
{
	if (!options || size < sizeof size)
		return;
	memset(options, 0, size);
	options->struct_size = size;
}

void rg_redis_state_init(rg_redis_state *state, uint32_t size)
{
	if (!state || size < sizeof size)
		return;
	memset(state, 0, size);
	state->struct_size = size;
}

static bool is_program(rg_str name)
{
	if (name.n == 0 || name.n > 64)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && !memchr("-_.", name.p[i], 3))
			return false;
	return true;
}

/* @return why the options are refused; NULL: they are not. */
static const char *judge_options(const rg_redis_options *o)
{
	if (!o)
		return "Redis store: the options are missing";
	if (!rg_struct_fits(o, options_sizes, sizeof options_sizes / sizeof options_sizes[0]))
		return "rg_redis_options.struct_size is no size that this library knows: call rg_redis_options_init()";
	if (o->address.n == 0)
		return "Redis store: the address is missing";
	if (!o->watch != !o->deadline)
		return "Redis store: watch and deadline are given together, or neither";
	if (o->program.p && !is_program(o->program))
		return "Redis store: program is 1 to 64 letters, digits, '-', '_' and '.'";
	return NULL;
}

static rg_status check_url(const rg__redis_url *u, rg_error *why)
{
	if (u->tls && !rg__redis_has_tls)
		return rg_error_set(why, RG_ENOTSUP, RG_STR("Redis store: rediss:// needs a build with the TLS part of hiredis 1.1 or later"));
	if (u->path.n >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		return rg_error_set(why, RG_EINVAL, RG_STR("Redis store: the path of the socket is too long"));
	return RG_OK;
}

static char *format_address(const rg__redis_url *u)
{
	size_t room = u->path.n + u->host.n + 64;
	char *text = malloc(room);

	if (!text)
		return NULL;
	if (u->path.p)
		snprintf(text, room, "unix:%s", u->path.p);
	else
		snprintf(text, room, memchr(u->host.p, ':', u->host.n) ? "%s://[%s]:%u" : "%s://%s:%u", u->tls ? "rediss" : "redis", u->host.p, u->port);
	rg__redis_clean(text, room, text, strlen(text));
	return text;
}

static char *format_name(const rg__redis *r, rg_str program)
{
	size_t room = program.n + sizeof r->node + 1;
	char *text = malloc(room);

	if (text)
		snprintf(text, room, "%.*s-%s", (int)program.n, program.p, r->node);
	return text;
}

static bool fill_texts(rg__redis *r, rg_str program)
{
	size_t room = r->url.prefix.n + sizeof "{}:schema";
	char *schema = malloc(room);
	uuid_t uuid;

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, r->node);
	r->links->address = format_address(&r->url);
	r->links->name = format_name(r, program.p ? program : RG_STR("rgstr"));
	if (schema)
		r->schema = (rg_str){ schema, (size_t)snprintf(schema, room, "{%s}:schema", r->url.prefix.p) };
	return schema && r->links->address && r->links->name;
}

static void set_up_links(rg__redis *r)
{
	rg__redis_links *s = r->links;

	s->epoll = s->timer = -1;
	s->armed = s->expected_since = s->ping_at = s->backoff.until = NO_TIME;
	s->state = RG_REDIS_CONNECTING;
	s->since = rg__redis_wall_clock();
	for (uint32_t i = 0; i < LINKS; i++) {
		s->link[i].store = r;
		s->link[i].index = i;
		s->link[i].fd = -1;
		s->link[i].backoff.until = NO_TIME;
	}
}

/* Makes everything but the store around it. On an error redis_destroy() frees what there is. */
static rg_status set_up(rg__redis *r, const rg_redis_options *options, rg_error *why)
{
	memcpy(&r->host, options, options->struct_size < sizeof r->host ? options->struct_size : sizeof r->host);
	r->host.address = r->host.program = (rg_str){ 0 };
	r->host.free = NULL; /* until all is well, `user` belongs to the caller */
	rg_status status = rg__redis_url_parse(options->address, &r->url, why);

	if (status == RG_OK)
		status = check_url(&r->url, why);
	if (status != RG_OK)
		return status;
	if (!fill_texts(r, options->program) || rg__redis_ops_new(r) != RG_OK)
		return rg_error_set(why, RG_ENOMEM, RG_STR("Redis store: out of memory"));
	status = rg__redis_loop_new(r);
	if (status == RG_ENOTSUP)
		return rg_error_set(why, status, RG_STR("Redis store: this system has no epoll: give watch and deadline"));
	if (status != RG_OK)
		return rg_error_set(why, status, RG_STR("Redis store: the system gives no descriptor"));
	return rg__redis_resolve_new(r, why);
}

/* @return NULL: out of memory. */
static rg__redis *new_redis(void)
{
	rg__redis *r = calloc(1, sizeof *r);
	rg__redis_links *s = calloc(1, sizeof *s);

	if (!r || !s) {
		free(r);
		free(s);
		return NULL;
	}
	r->magic = MAGIC;
	r->refs = 1;
	r->links = s;
	set_up_links(r);
	return r;
}

rg_status rg_redis_store_new(const rg_redis_options *options, rg_store **out, rg_error *why)
{
	const char *refused = judge_options(options);

	if (!out)
		return rg_error_set(why, RG_EINVAL, RG_STR("out is NULL"));
	*out = NULL;
	if (refused)
		return rg_error_set(why, RG_EINVAL, rg_str_from(refused));
	rg__redis *r = sodium_init() >= 0 ? new_redis() : NULL;
	if (!r)
		return rg_error_set(why, RG_ENOMEM, RG_STR("Redis store: out of memory"));
	rg_status status = set_up(r, options, why);
	if (status == RG_OK)
		status = rg_store_new(&redis_ops, r, out, why);
	if (status != RG_OK) {
		redis_destroy(r);
		return status;
	}
	r->host.free = options->free;
	rg__redis_attempt(rg__redis_main(r));
	rg__redis_rearm(r);
	return RG_OK;
}

rg_status rg_redis_store_state(const rg_store *store, rg_redis_state *out)
{
	const rg__redis *r = rg__redis_of(store);
	rg_redis_state state = { .struct_size = sizeof state };

	if (!r || !rg_struct_fits(out, state_sizes, sizeof state_sizes / sizeof state_sizes[0]))
		return RG_EINVAL;
	const rg__redis_links *s = r->links;
	state.connection = s->state;
	state.since = s->since;
	state.node = rg_str_from(r->node);
	state.address = rg_str_from(s->address);
	if (s->trouble[0])
		state.trouble = rg_str_from(s->trouble);
	state.in_flight = s->in_flight;
	rg__redis_ops_cached(r, &state.cached, &state.cache_bytes);
	state.struct_size = out->struct_size;
	memcpy(out, &state, out->struct_size < sizeof state ? out->struct_size : sizeof state);
	return RG_OK;
}

rg_status rg_redis_store_statistic(const rg_store *store, uint32_t index, rg_statistic *out)
{
	const rg__redis *r = rg__redis_of(store);

	if (!r || !rg_struct_fits(out, statistic_sizes, sizeof statistic_sizes / sizeof statistic_sizes[0]))
		return RG_EINVAL;
	return rg__redis_counter(&r->counters, index, out);
}
