/* SPDX-License-Identifier: MIT */
/* add_sock_hdr: the local socket goes into a REGISTER on one node and is read back on the next. */
#include "../attack/world.h"

#define REGISTER "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" \
	"From: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\nCall-ID: c1\r\nCSeq: 1 REGISTER\r\n" \
	"Contact: <sip:a@192.0.2.1>\r\nX-Other: 1\r\n"

typedef struct node {
	world w;
	rg_sofia_source source;
	rg_sofia_message message;
	rg_msg msg;
} node;

static void open_node(node *n, const char *more, rg_str socket)
{
	char text[1024];

	*n = (node){ .w = world_new() };
	snprintf(text, sizeof text, REGISTER "%sContent-Length: 0\r\n\r\n", more);
	rg_sofia_source_init(&n->source, sizeof n->source);
	rg_sofia_message_init(&n->message, sizeof n->message);
	n->source.socket = socket;
	n->message.source = &n->source;
	n->message.msg = msg_make(sip_default_mclass(), 0, text, (ssize_t)strlen(text));
	cr_assert_not_null(n->message.msg);
	n->msg = (rg_msg){ rg_sofia_msg_ops(), NULL, &n->message };
}

static void close_node(node *n)
{
	msg_destroy(n->message.msg);
	world_end(&n->w);
}

/* What goes out on the wire. */
static char *sent(const node *n)
{
	size_t size = 0;
	msg_t *copy = msg_copy(n->message.msg);

	cr_assert_not_null(copy);
	cr_assert_eq(msg_serialize(copy, msg_object(copy)), 0);
	int total = msg_prepare(copy);
	cr_assert_gt(total, 0);
	char *text = calloc(1, (size_t)total + 1);
	for (msg_header_t *h = *msg_chain_head(copy); h; h = h->sh_succ) {
		memcpy(text + size, h->sh_data, h->sh_len);
		size += h->sh_len;
	}
	msg_destroy(copy);
	return text;
}

/* What a registrar with sock_hdr_name finds in it; "" for nothing. */
static const char *read_back(const char *text, const char *name, char room[128])
{
	rg_sofia_message message;
	rg_config *config = NULL;
	rg_request r;

	rg_sofia_message_init(&message, sizeof message);
	message.msg = msg_make(sip_default_mclass(), 0, text, (ssize_t)strlen(text));
	cr_assert_not_null(message.msg);
	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("sock_hdr_name"), rg_str_from(name), NULL), RG_OK);
	rg_request_init(&r, sizeof r);
	cr_assert_eq(rg_sofia_msg_ops()->read(NULL, &message, config, &r), RG_OK);
	cr_expect_eq(r.defect, RG_R_FINE);
	cr_expect_eq(r.n_contacts, 1);
	snprintf(room, 128, "%.*s", (int)r.socket_header.n, r.socket_header.p ? r.socket_header.p : "");
	rg_request_free(&r);
	rg_config_free(config);
	msg_destroy(message.msg);
	return room;
}

Test(sofia_socket, a_header_is_added_and_read_back_on_the_next_node)
{
	static const struct {
		const char *name, *socket, *value;
	} cases[] = {
		{ "Sock-Info", "udp:192.0.2.1:5060", "udp:192.0.2.1:5060" },
		{ "Sock-Info", "TCP:192.0.2.1:5060", "tcp:192.0.2.1:5060" },
		{ "sock-info", "tls:[2001:db8::1]:5061", "tls:[2001:db8::1]:5061" },
		{ "X-S", "WSS:[2001:DB8:0:0::1]:443", "wss:[2001:db8::1]:443" },
		{ "!%*_+`'~.", "sctp:[::1]:65535", "sctp:[::1]:65535" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[128], room[128];
		node n;

		open_node(&n, "", rg_str_from(cases[i].socket));
		cr_expect_eq(rg_add_socket_header(n.w.registrar, &n.msg, rg_str_from(cases[i].name), NULL), RG_OK, "%s", cases[i].name);
		char *text = sent(&n);
		snprintf(line, sizeof line, "\r\n%s: %s\r\n", cases[i].name, cases[i].value);
		cr_expect_not_null(strstr(text, line), "%s", text);
		cr_expect_not_null(strstr(text, "\r\nX-Other: 1\r\n"), "%s", text);
		cr_expect_str_eq(strstr(text, "\r\n\r\n"), "\r\n\r\n", "all of it before the blank line: %s", text);
		if (i < 3)
			cr_expect_str_eq(read_back(text, "Sock-Info", room), cases[i].value, "%s", text);
		free(text);
		close_node(&n);
	}
}

Test(sofia_socket, nothing_is_read_back_where_no_name_is_set_or_another)
{
	char room[128];
	node n;

	open_node(&n, "", RG_STR("udp:192.0.2.1:5060"));
	cr_assert_eq(rg_add_socket_header(n.w.registrar, &n.msg, RG_STR("Sock-Info"), NULL), RG_OK);
	char *text = sent(&n);
	cr_expect_str_eq(read_back(text, "Sock-Inf", room), "");
	cr_expect_str_eq(read_back(text, "X-Sock-Info", room), "");
	cr_expect_str_eq(read_back(text, "SOCK-INFO", room), "udp:192.0.2.1:5060");
	free(text);
	close_node(&n);
}

static const struct {
	const char *what;
	rg_str name, socket;
} refused[] = {
	{ "no name", { NULL, 0 }, { "udp:192.0.2.1:5060", 18 } },
	{ "an empty name", { "", 0 }, { "udp:192.0.2.1:5060", 18 } },
	{ "a name with a space", { "Sock Info", 9 }, { "udp:192.0.2.1:5060", 18 } },
	{ "a name with a colon", { "Sock:Info", 9 }, { "udp:192.0.2.1:5060", 18 } },
	{ "a name with a line in it", { "X: 1\r\nEvil", 10 }, { "udp:192.0.2.1:5060", 18 } },
	{ "a name with a NUL", { "X\0Y", 3 }, { "udp:192.0.2.1:5060", 18 } },
	{ "a name that is no ASCII", { "Sock-\xc3\xa9", 7 }, { "udp:192.0.2.1:5060", 18 } },
	{ "a name whose header has another value", { "X", 1 }, { "udp:192.0.2.1:5060", 18 } }, /* Session-Expires, RFC 4028 */
	{ "a name that stands once only", { "Call-ID", 7 }, { "udp:192.0.2.1:5060", 18 } },
	{ "no socket", { "Sock-Info", 9 }, { NULL, 0 } },
	{ "an empty socket", { "Sock-Info", 9 }, { "", 0 } },
	{ "a socket without port", { "Sock-Info", 9 }, { "udp:192.0.2.1", 13 } },
	{ "a socket with a name", { "Sock-Info", 9 }, { "udp:example.com:5060", 20 } },
	{ "a socket with a line behind it", { "Sock-Info", 9 }, { "udp:192.0.2.1:5060\r\nEvil: 1", 27 } },
	{ "a socket with a line in front", { "Sock-Info", 9 }, { "x\r\nEvil: 1\r\nudp:192.0.2.1:5060", 30 } },
	{ "a socket with a fold", { "Sock-Info", 9 }, { "udp:192.0.2.1:5060\r\n x", 22 } },
	{ "a socket with a NUL", { "Sock-Info", 9 }, { "udp:192.0.2.1:5060\0", 19 } },
};

Test(sofia_socket, what_is_no_name_or_no_socket_adds_nothing)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		node n;

		open_node(&n, "", refused[i].socket);
		char *before = sent(&n);
		cr_expect_eq(rg_add_socket_header(n.w.registrar, &n.msg, refused[i].name, NULL), RG_EINVAL, "%s", refused[i].what);
		char *after = sent(&n);
		cr_expect_str_eq(after, before, "%s", refused[i].what);
		free(before);
		free(after);
		close_node(&n);
	}
}

/* The first line of that name counts, so that a host which trusts the header takes away what a client sent. */
Test(sofia_socket, what_a_client_sent_under_the_name_comes_first)
{
	char room[128];
	node n;

	open_node(&n, "Sock-Info: udp:203.0.113.66:6666\r\n", RG_STR("udp:192.0.2.1:5060"));
	cr_assert_eq(rg_add_socket_header(n.w.registrar, &n.msg, RG_STR("Sock-Info"), NULL), RG_OK);
	char *text = sent(&n);
	cr_expect_not_null(strstr(text, "\r\nSock-Info: udp:192.0.2.1:5060\r\n"), "%s", text);
	cr_expect_str_eq(read_back(text, "Sock-Info", room), "udp:203.0.113.66:6666");
	free(text);
	close_node(&n);
}

typedef struct custom {
	int reads, adds, releases;
	rg_status read_status, add_status;
	char line[128];
} custom;

static void release(void *owner)
{
	((custom *)owner)->releases++;
}

static rg_status custom_read(void *self, void *msg, const rg_config *config, rg_request *out)
{
	custom *c = msg;

	(void)self, (void)config;
	c->reads++;
	if (c->read_status != RG_OK)
		return c->read_status;
	out->socket = RG_STR("WS:192.0.2.1:80");
	out->owner = c;
	out->release = release;
	return RG_OK;
}

static rg_status custom_add(void *self, void *msg, const rg_str *name, const rg_str *value)
{
	custom *c = msg;

	(void)self;
	c->adds++;
	snprintf(c->line, sizeof c->line, "%.*s: %.*s", (int)name->n, name->p, (int)value->n, value->p);
	return c->add_status;
}

static rg_status custom_reply(void *self, void *msg, rg_response *response)
{
	(void)self, (void)msg, (void)response;
	return RG_ENOTSUP;
}

static rg_status custom_apply(void *self, void *msg, const rg_targets *targets)
{
	(void)self, (void)msg, (void)targets;
	return RG_ENOTSUP;
}

Test(sofia_socket, any_adaptor_will_do_and_its_word_is_passed_on)
{
	rg_msg_ops ops = { .struct_size = sizeof ops, .name = "custom", .read = custom_read, .add_header = custom_add, .reply = custom_reply,
		.apply = custom_apply };
	custom c = { .read_status = RG_OK };
	rg_msg msg = { &ops, NULL, &c };
	world w = world_new();

	cr_expect_eq(rg_add_socket_header(w.registrar, &msg, RG_STR("Sock-Info"), NULL), RG_OK);
	cr_expect_str_eq(c.line, "Sock-Info: ws:192.0.2.1:80");
	cr_expect_eq(c.adds, 1);
	c.add_status = RG_ENOMEM;
	cr_expect_eq(rg_add_socket_header(w.registrar, &msg, RG_STR("Sock-Info"), NULL), RG_ENOMEM);
	cr_expect_eq(c.releases, 2, "what was read is given back");
	c.read_status = RG_ELIMIT;
	cr_expect_eq(rg_add_socket_header(w.registrar, &msg, RG_STR("Sock-Info"), NULL), RG_ELIMIT);
	cr_expect_eq(c.adds, 2);
	ops.add_header = NULL;
	cr_expect_eq(rg_add_socket_header(w.registrar, &msg, RG_STR("Sock-Info"), NULL), RG_ENOTSUP);
	cr_expect_eq(c.reads, 3, "nor is it read then");
	ops.add_header = custom_add;
	ops.reply = NULL;
	cr_expect_eq(rg_add_socket_header(w.registrar, &msg, RG_STR("Sock-Info"), NULL), RG_EINVAL, "half an adaptor");
	ops.reply = custom_reply;
	cr_expect_eq(rg_add_socket_header(NULL, &msg, RG_STR("Sock-Info"), NULL), RG_EINVAL);
	cr_expect_eq(rg_add_socket_header(w.registrar, NULL, RG_STR("Sock-Info"), NULL), RG_EINVAL);
	rg_registrar_shutdown(w.registrar);
	cr_expect_eq(rg_add_socket_header(w.registrar, &msg, RG_STR("Sock-Info"), NULL), RG_ECANCELED);
	cr_expect_eq(c.adds, 2);
	world_end(&w);
}
