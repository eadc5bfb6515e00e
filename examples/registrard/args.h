/* SPDX-License-Identifier: MIT */
/* The command line of registrard. */
#ifndef REGISTRARD_ARGS_H
#define REGISTRARD_ARGS_H

#include <rgstr/rgstr.h>

/* One --listen: an address on which to receive SIP. */
struct listen_at {
	const char *proto; /* "udp" or "tcp"; static */
	char *hostport;    /* as typed, IPv6 in brackets */
	char *ident;       /* proto:host:port, the name of the socket in bindings; NULL when the system chooses the port */
};

/* Where a store is. */
struct store_at {
	char *address;  /* of a Redis server; it may hold a password; NULL = memory of this process */
	uint64_t bytes; /* limit of the memory; 0 = none */
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
	struct store_at store; /* of the bindings */
	const char *home;     /* address of this site for other sites; NULL = there are no other sites */
	struct store_at shared; /* the store of all sites */
	size_t max_calls;    /* limit of requests in flight */
	size_t max_connections; /* limit of connections; 0 = the default */
	size_t max_per_address; /* limit of those that one address has opened; 0 = half of all */
	uint32_t idle_seconds;  /* time after which an idle connection is closed; 0 = never */
	char *name_servers;     /* separated by commas; NULL = those of the system */
	const char *socket_header; /* header that names the socket on which a request came in, or NULL */
	const char *push_exec; /* path of the program that gets wake-ups, or NULL */
	const char *push_url;  /* where wake-ups are posted, or NULL */
	const char *push_ca;   /* file of certificates that this place is checked against; NULL = those of the system */
	size_t push_exec_limit; /* programs at a time */
	size_t push_queue;      /* limit of wake-ups that wait, for each of the two */
	uint32_t push_seconds;  /* time for one program, and for one POST */
	rg_config *config;
	rg_str received_avp, tcp_persistent_flag; /* names of these host variables; absent = none */
	int outbound, wakes, has_gruus; /* outbound_mode is not off; pn_enable; disable_gruu is 0 */
	const char *save_flags, *lookup_flags; /* as typed; "" = none */
	int32_t log_level;      /* RG_LOG_…, the highest that is shown */
	rg_save_options *save;
	rg_lookup_options *lookup;
};

enum { ARG_WRONG = -2 }; /* a value was refused, and complain() reported it */

/* @return -1 to continue, else the exit status: 0 after --help and --version, 2 after an error line on stderr. */
int args_read(struct args *args, int argc, char **argv);

/* Frees what args_read() allocated, also after it failed. */
void args_free(struct args *args);

/* Reads decimal digits. @return 0 if the text has anything else, or the number is too large. */
int read_number(const char *text, uint64_t *out);

/* Prints one line on stderr. Control characters in the values are replaced. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
