/* SPDX-License-Identifier: MIT */
/*
 * TLS, where hiredis has it (1.1 or later). hiredis checks that a certificate is signed, not whose it is, so OpenSSL is told here which
 * name or address it must have. OpenSSL trusts what the system trusts; SSL_CERT_FILE and SSL_CERT_DIR say otherwise.
 */
#include "links.h"

#include <errno.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

const bool rg__redis_has_tls = true;

static SSL *new_tls(const rg__redis *r)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = NULL;
	rg_addr number;
	const char *host = r->url.host.p;

	if (context && SSL_CTX_set_default_verify_paths(context) == 1)
		tls = SSL_new(context);
	SSL_CTX_free(context);
	if (!tls)
		return NULL;
	SSL_set_verify(tls, SSL_VERIFY_PEER, NULL);
	bool ok = rg_addr_parse(r->url.host, &number) == RG_OK ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1 :
		SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1;
	if (ok)
		return tls;
	SSL_free(tls);
	return NULL;
}

static void explain_tls(const rg__redis_link *l, char *why, size_t size)
{
	long verdict = l->tls ? SSL_get_verify_result(l->tls) : X509_V_OK;
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verdict != X509_V_OK)
		reason = X509_verify_cert_error_string(verdict);
	snprintf(why, size, "TLS: %s", reason ? reason : l->context->errstr);
}

bool rg__redis_tls_begin(rg__redis_link *l, char *why, size_t size)
{
	ERR_clear_error();
	SSL *tls = new_tls(l->store);
	if (tls && redisInitiateSSL(l->context, tls) == REDIS_OK) {
		l->tls = tls;
		return true;
	}
	explain_tls(l, why, size);
	SSL_free(tls);
	return false;
}

bool rg__redis_tls_waits_to_write(const rg__redis_link *l)
{
	return l->flushing && SSL_want_write((const SSL *)l->tls);
}

static void break_tls(rg__redis_link *l)
{
	char why[TROUBLE_SIZE];

	explain_tls(l, why, sizeof why);
	rg__redis_break(l, why);
}

/* OpenSSL writes without MSG_NOSIGNAL, so SIGPIPE is held back meanwhile, and taken away when it came. */
static int flush_without_sigpipe(redisContext *context, int *done)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe, before, waiting;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&waiting);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	int result = redisBufferWrite(context, done);
	if (!sigismember(&waiting, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

bool rg__redis_tls_append(rg__redis_link *l, const char *bytes, size_t n)
{
	if (redisAppendFormattedCommand(l->context, bytes, n) == REDIS_OK)
		return true;
	rg__redis_break(l, "out of memory");
	return false;
}

void rg__redis_tls_flush(rg__redis_link *l)
{
	int done = 0;

	ERR_clear_error();
	if (flush_without_sigpipe(l->context, &done) != REDIS_OK)
		break_tls(l);
	l->flushing = !done;
}

bool rg__redis_tls_read(rg__redis_link *l)
{
	size_t before = l->context->reader->len;

	ERR_clear_error();
	if (redisBufferRead(l->context) != REDIS_OK) {
		break_tls(l);
		return false;
	}
	/* The handshake may have waited for what came. */
	if (l->flushing)
		rg__redis_tls_flush(l);
	return l->context->reader->len != before;
}
