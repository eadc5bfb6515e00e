/* SPDX-License-Identifier: MIT */
/* Several nodes on one Redis as if they were one store: each call is made by the next one. */
#ifndef NODES_H
#define NODES_H

#include "store_redis.h"

enum { NODES = 3 };

/* Each member completes before it returns. A walk of `due` is that of a node that has just come: any other may not know for a second what
 * its neighbours have committed. */
rg_store *nodes_new(bool cluster);

#endif
