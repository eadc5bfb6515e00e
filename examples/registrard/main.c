/* SPDX-License-Identifier: MIT */
/* registrard: a SIP registrar and proxy, an example of librgstr on Sofia-SIP's parser and event loop. See doc/registrard.md. */
#include <curl/curl.h>
#include <signal.h>

#include "server.h"

int main(int argc, char **argv)
{
	struct args args;
	struct server server = { .args = &args };
	sigset_t signals;
	int result;

	result = args_read(&args, argc, argv);
	if (result < 0) {
		/* Signals are blocked before the start, so that one during the start ends the run too. */
		sigemptyset(&signals);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGINT);
		sigprocmask(SIG_BLOCK, &signals, NULL);
		signal(SIGPIPE, SIG_IGN);
		curl_global_init(CURL_GLOBAL_DEFAULT);
		result = server_start(&server, &args);
		if (result == 0)
			result = server_run(&server);
		server_stop(&server);
		curl_global_cleanup();
	}
	args_free(&args);
	return result;
}
