/* SPDX-License-Identifier: MIT */
/* Loads a SIP server on 127.0.0.1 over UDP, for beside and instructions:
 *   load register PORT FROM TO COUNT CSEQ WINDOW SECONDS    REGISTERs of the users from FROM to before TO
 *   load invite PORT FROM TO COUNT CSEQ WINDOW SECONDS      INVITEs to them, which are to be answered by 302; no ACK follows
 *   load echo PORT BATCH                                    a server that answers everything and knows nothing, for SECONDS_OF_ECHO
 * The first two have WINDOW requests in flight, poll without sleeping, visit the users in random order, each once before one comes again, and
 * print: answered, lost, seconds. A request without answer is sent again and counts as lost each time. A wrong answer ends the run, and so does
 * the end of SECONDS. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_BYTES = 580, REPLY_BYTES = 460, ROOM = 2048, MOST_WINDOW = 4096, MOST_BATCH = 64, LOST_MS = 500, MOST_RETRIES = 20 };
enum { SOCKET_BYTES = 4 << 20, SECONDS_OF_ECHO = 900 };

/* The octets of a template that differ between requests: a digit of a number, and which. */
#define DIGITS8(d) d "7" d "6" d "5" d "4" d "3" d "2" d "1" d "0"
#define USER DIGITS8("\001")     /* decimal */
#define USER_HEX DIGITS8("\002")
#define CSEQ DIGITS8("\003")     /* decimal */
#define SERIAL DIGITS8("\004")   /* hexadecimal: counts the requests */
#define SLOT DIGITS8("\005")     /* hexadecimal: the place in the window */

#define VIA "Via: SIP/2.0/UDP 10.20.100.100:5060;rport;branch=z9hG4bK-" SLOT SERIAL "\r\n"
#define COMMON "Max-Forwards: 70\r\n" \
	"User-Agent: Acme Deskphone T46/2.81.190.25 (bench 1)\r\n" \
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY\r\nContent-Length: 0\r\n"
#define PADDING "X-Pad: "

static const char register_text[] =
	"REGISTER sip:example.net SIP/2.0\r\n" VIA
	"From: <sip:user" USER "@example.net>;tag=" USER_HEX "\r\nTo: <sip:user" USER "@example.net>\r\n"
	"Call-ID: " USER_HEX "-aaaa-4bbb-8ccc-ddddeeeeffff\r\nCSeq: 1" CSEQ " REGISTER\r\n"
	"Contact: <sip:user" USER "@10.1\001" "5\001" "4.1\001" "3\001" "2.1\001" "1\001" "0:5060;transport=udp>"
	";+sip.instance=\"<urn:uuid:" USER_HEX "-1111-4222-8333-444455556666>\";expires=3600\r\n" COMMON PADDING;

static const char invite_text[] =
	"INVITE sip:user" USER "@example.net SIP/2.0\r\n" VIA
	"From: <sip:caller@example.net>;tag=" SERIAL "\r\nTo: <sip:user" USER "@example.net>\r\n"
	"Call-ID: " SERIAL "-bbbb-4bbb-8ccc-" SLOT "\r\nCSeq: 1" CSEQ " INVITE\r\n"
	"Contact: <sip:caller@10.20.100.100:5060;transport=udp>\r\n" COMMON PADDING;

typedef struct place {
	uint16_t at;
	uint8_t number, digit;
} place;

typedef struct template {
	char text[REQUEST_BYTES];
	place places[256];
	uint32_t n_places;
} template;

typedef struct request {
	uint32_t user, cseq, serial, retries;
	double sent;
	bool in_flight;
} request;

typedef struct load {
	int fd;
	template template;
	uint32_t code; /* of the answers */
	uint32_t *order, n_users, first_cseq;
	uint64_t count, started, answered, lost;
	uint32_t window, n_free;
	uint32_t free[MOST_WINDOW];
	request requests[MOST_WINDOW];
	/* The batches. */
	uint32_t n_out;
	struct mmsghdr out[MOST_BATCH], in[MOST_BATCH];
	struct iovec out_parts[MOST_BATCH], in_parts[MOST_BATCH];
	char out_room[MOST_BATCH][REQUEST_BYTES], in_room[MOST_BATCH][ROOM];
} load;

static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Takes a text apart, and lengthens its last header so that all requests have one length. */
static void compile(template *t, const char *text)
{
	uint32_t n = 0;

	for (const char *p = text; *p && n < REQUEST_BYTES; p++) {
		if (*p >= 1 && *p <= 5) {
			t->places[t->n_places++] = (place){ (uint16_t)n, (uint8_t)*p, (uint8_t)(p[1] - '0') };
			p++;
		}
		t->text[n++] = *p;
	}
	if (n + 5 > REQUEST_BYTES)
		die("a request is too long");
	memset(t->text + n, 'x', REQUEST_BYTES - 4 - n);
	memcpy(t->text + REQUEST_BYTES - 4, "\r\n\r\n", 4);
}

static void print(const template *t, const request *r, uint32_t slot, char *out)
{
	const uint32_t hexadecimal[] = { 0, 0, r->user, 0, r->serial, slot };
	char decimal[4][8];

	for (uint32_t i = 0, user = r->user, cseq = r->cseq; i < 8; i++, user /= 10, cseq /= 10) {
		decimal[1][i] = (char)('0' + user % 10);
		decimal[3][i] = (char)('0' + cseq % 10);
	}
	memcpy(out, t->text, REQUEST_BYTES);
	for (uint32_t i = 0; i < t->n_places; i++) {
		place p = t->places[i];
		out[p.at] = p.number & 1 && p.number != 5 ? decimal[p.number][p.digit] :
			"0123456789abcdef"[hexadecimal[p.number] >> p.digit * 4 & 15];
	}
}

static void flush(load *l)
{
	for (uint32_t done = 0; done < l->n_out;) {
		int n = sendmmsg(l->fd, l->out + done, l->n_out - done, 0);
		if (n < 0)
			die("the server cannot be reached");
		done += (uint32_t)n;
	}
	l->n_out = 0;
}

static void put(load *l, uint32_t slot)
{
	print(&l->template, &l->requests[slot], slot, l->out_room[l->n_out++]);
	l->requests[slot].sent = seconds();
	if (l->n_out == MOST_BATCH)
		flush(l);
}

static void start(load *l)
{
	while (l->n_free && l->started < l->count) {
		uint32_t slot = l->free[--l->n_free];
		l->requests[slot] = (request){ .user = l->order[l->started % l->n_users], .serial = (uint32_t)l->started,
			.cseq = l->first_cseq + (uint32_t)(l->started / l->n_users), .in_flight = true };
		l->started++;
		put(l, slot);
	}
	flush(l);
}

static uint32_t from_hex(const char *p)
{
	char text[9] = { 0 };
	memcpy(text, p, 8);
	return (uint32_t)strtoul(text, NULL, 16);
}

static void take(load *l, char *reply, size_t n)
{
	static const char before[] = "branch=z9hG4bK-";
	reply[n < ROOM ? n : ROOM - 1] = '\0';
	char *branch = strstr(reply, before);

	if (!branch || strlen(branch) < sizeof before - 1 + 16)
		die("a reply has no branch");
	branch += sizeof before - 1;
	uint32_t slot = from_hex(branch);

	if (slot >= l->window || !l->requests[slot].in_flight || l->requests[slot].serial != from_hex(branch + 8))
		return; /* the answer to a request that was sent again */
	if (strncmp(reply, "SIP/2.0 ", 8) != 0 || strtoul(reply + 8, NULL, 10) != l->code) {
		fprintf(stderr, "load: %s\n", reply);
		die("a wrong answer");
	}
	l->requests[slot].in_flight = false;
	l->free[l->n_free++] = slot;
	l->answered++;
}

static void receive(load *l)
{
	int n = recvmmsg(l->fd, l->in, MOST_BATCH, MSG_DONTWAIT, NULL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("the server cannot be reached");
	for (int i = 0; i < n; i++)
		take(l, l->in_room[i], l->in[i].msg_len);
}

static void repeat_lost(load *l, double now)
{
	for (uint32_t i = 0; i < l->window; i++) {
		if (!l->requests[i].in_flight || (now - l->requests[i].sent) * 1000 < LOST_MS)
			continue;
		if (l->requests[i].retries++ == MOST_RETRIES)
			die("a request gets no answer");
		l->lost++;
		put(l, i);
	}
	flush(l);
}

static void run(load *l, double most)
{
	double begin = seconds(), looked = begin;

	while (l->answered < l->count) {
		double now = seconds();
		start(l);
		receive(l);
		if ((now - looked) * 1000 < LOST_MS / 4)
			continue;
		repeat_lost(l, now);
		looked = now;
		if (now - begin > most)
			die("the time is up");
	}
	printf("%llu %llu %.6f\n", (unsigned long long)l->answered, (unsigned long long)l->lost, seconds() - begin);
}

static uint32_t pick(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(((*state >> 32) * below) >> 32);
}

static void shuffle(load *l, uint32_t from, uint32_t to)
{
	uint64_t state = (uint64_t)time(NULL);

	l->n_users = to - from;
	l->order = to > from ? calloc(l->n_users, sizeof *l->order) : NULL;
	if (!l->order)
		die("there are no users");
	for (uint32_t i = 0; i < l->n_users; i++)
		l->order[i] = from + i;
	for (uint32_t i = l->n_users - 1; i > 0; i--) {
		uint32_t j = pick(&state, i + 1), was = l->order[i];
		l->order[i] = l->order[j];
		l->order[j] = was;
	}
}

/* @return a socket that has the port as its own, or as that of its peer. */
static int open_socket(const char *port, bool own)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = SOCKET_BYTES;

	if (fd < 0 || (own ? bind(fd, (struct sockaddr *)&at, sizeof at) : connect(fd, (struct sockaddr *)&at, sizeof at)) < 0)
		die("no socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	return fd;
}

static void link_batches(load *l)
{
	for (uint32_t i = 0; i < MOST_BATCH; i++) {
		l->out_parts[i] = (struct iovec){ l->out_room[i], REQUEST_BYTES };
		l->in_parts[i] = (struct iovec){ l->in_room[i], ROOM };
		l->out[i].msg_hdr = (struct msghdr){ .msg_iov = &l->out_parts[i], .msg_iovlen = 1 };
		l->in[i].msg_hdr = (struct msghdr){ .msg_iov = &l->in_parts[i], .msg_iovlen = 1 };
	}
}

static int send_requests(char **argv)
{
	load *l = calloc(1, sizeof *l);

	if (!l)
		die("out of memory");
	l->code = argv[1][0] == 'r' ? 200 : 302;
	compile(&l->template, argv[1][0] == 'r' ? register_text : invite_text);
	l->fd = open_socket(argv[2], false);
	shuffle(l, (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]));
	l->count = (uint64_t)atoll(argv[5]);
	l->first_cseq = (uint32_t)atoi(argv[6]);
	l->window = (uint32_t)atoi(argv[7]);
	if (l->window == 0 || l->window > MOST_WINDOW)
		die("too large a window");
	while (l->n_free < l->window) {
		l->free[l->n_free] = l->n_free;
		l->n_free++;
	}
	link_batches(l);
	run(l, atof(argv[8]));
	close(l->fd);
	free(l->order);
	free(l);
	return 0;
}

/* The reply to a request is its status line and as much of the request as fits. */
static size_t echo(char *room, size_t n, char *reply)
{
	const char *status = room[0] == 'I' ? "SIP/2.0 302 -" : "SIP/2.0 200 -", *rest = memchr(room, '\r', n);
	size_t length = strlen(status), left = rest ? n - (size_t)(rest - room) : 0;

	memcpy(reply, status, length);
	if (left > REPLY_BYTES - length)
		left = REPLY_BYTES - length;
	memcpy(reply + length, rest ? rest : room, left);
	return length + left;
}

static void serve(const char *port, uint32_t batch)
{
	static load l; /* its incoming batch; the replies take the room of the requests */
	static struct sockaddr_in from[MOST_BATCH];
	static char replies[MOST_BATCH][ROOM];

	l.fd = open_socket(port, true);
	link_batches(&l);
	alarm(SECONDS_OF_ECHO);
	for (uint32_t i = 0; i < MOST_BATCH; i++) {
		l.in[i].msg_hdr.msg_name = l.out[i].msg_hdr.msg_name = &from[i];
		l.in[i].msg_hdr.msg_namelen = l.out[i].msg_hdr.msg_namelen = sizeof from[i];
		l.out_parts[i].iov_base = replies[i];
	}
	for (;;) {
		int n = recvmmsg(l.fd, l.in, batch, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++)
			l.out_parts[i].iov_len = echo(l.in_room[i], l.in[i].msg_len, replies[i]);
		if (n > 0)
			sendmmsg(l.fd, l.out, (uint32_t)n, 0);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "echo") == 0)
		serve(argv[2], (uint32_t)atoi(argv[3]) % (MOST_BATCH + 1));
	if (argc == 9 && (strcmp(argv[1], "register") == 0 || strcmp(argv[1], "invite") == 0))
		return send_requests(argv);
	die("wrong arguments");
	return 1;
}
