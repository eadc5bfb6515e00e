/* SPDX-License-Identifier: MIT */
/* Wake-ups by HTTP: a POST of the JSON for each, through libcurl on the server's loop. */
#ifndef REGISTRARD_PUSH_URL_H
#define REGISTRARD_PUSH_URL_H

#include "push_queue.h"

struct push_url;

size_t push_url_descriptors(void);

/* main() has called curl_global_init(). @return NULL when out of memory or descriptors. */
struct push_url *push_url_new(struct server *server);

/* Ends all transfers. NULL is accepted. */
void push_url_free(struct push_url *url);

void push_url_add(struct push_url *url, struct wakeup *wakeup);

#endif
