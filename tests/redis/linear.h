/* SPDX-License-Identifier: MIT */
/*
 * Judges the history of one AoR: is there an order of its operations that explains every answer and every event?
 *
 * The order must place each operation between its begin and its end. The decisions of one operation after another, by rg_merge() and
 * rg_prune(), must give each answer as it was, and each node must have heard exactly the events of the commits of its own operations, in
 * this order. An operation whose outcome is not known (act_known()) may stand anywhere behind its begin, or nowhere. A node that was killed
 * may lack the last of its events. Where commits were sent again, the events of one that created the record may stand anywhere among those of
 * its node, if the node wrote something else meanwhile.
 *
 * It is a search. Answers that change nothing are placed as soon as they fit, which is never wrong. The events and the bindings that answers
 * show leave little choice among the others.
 */
#ifndef TESTS_REDIS_LINEAR_H
#define TESTS_REDIS_LINEAR_H

#include "history.h"

enum { LINEAR_GOOD, LINEAR_WRONG, LINEAR_UNDECIDED };

/* Sorts the acts. @param why  what is wrong, a text of at most @p size bytes. */
int linear_check(history *h, char *why, size_t size);

#endif
