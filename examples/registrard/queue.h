/* SPDX-License-Identifier: MIT */
/* A queue whose entries stand at the beginning of the structs that it holds. A struct is in one queue at most. */
#ifndef REGISTRARD_QUEUE_H
#define REGISTRARD_QUEUE_H

/* Zeroed while it is in no queue. */
struct queue_entry {
	struct queue_entry *next, *prev;
};

/* Zeroed while it is empty. It stays where it is. */
struct queue {
	struct queue_entry head; /* of a ring */
};

/* Adds an entry at the end, and takes it out of the queue that it is in. */
void queue_add(struct queue *queue, struct queue_entry *entry);

/* Does nothing for an entry that is in no queue. */
void queue_remove(struct queue_entry *entry);

/* The first struct, and the one after @p entry. NULL = none. */
void *queue_first(const struct queue *queue);
void *queue_next(const struct queue *queue, const struct queue_entry *entry);

#endif
