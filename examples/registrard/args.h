/* SPDX-License-Identifier: MIT */
/* The command line of registrard. */
#ifndef REGISTRARD_ARGS_H
#define REGISTRARD_ARGS_H

#include <rgstr/rgstr.h>

/* One --listen: where to receive SIP. */
struct listen_at {
	const char *proto; /* "udp" or "tcp"; static */
	char *hostport;    /* as typed, IPv6 in brackets */
	char *ident;       /* proto:host:port, the name of the socket in bindings; NULL for a port of the system's choice */
};

enum mode {
	MODE_PROXY,
	MODE_REDIRECT
};

struct args {
	struct listen_at *listen;
	size_t n_listen;
	enum mode mode;
	const char *domain;  /* table of bindings */
	const char *control; /* path of the control socket, or NULL */
	uint64_t store_bytes; /* what the store may take; 0 = no limit */
	const char *home;     /* this site, as others reach it; NULL = there are no others */
	uint64_t shared_bytes; /* what the store of all sites may take; 0 = no limit */
	size_t max_calls;    /* requests under way at a time */
	const char *socket_header; /* tells where a request came in, or NULL */
	rg_config *config;
	rg_save_options *save;
	rg_lookup_options *lookup;
};

/* @return -1 to go on, else the exit status: 0 after --help and --version, 2 after a line on stderr that says what is wrong. */
int args_read(struct args *args, int argc, char **argv);

/* Releases what args_read() made, also when it failed. */
void args_free(struct args *args);

/* Decimal digits and nothing else. @return 0 if it is not that, or too large. */
int read_number(const char *text, uint64_t *out);

/* Prints one line on stderr, whatever the values in it contain. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
