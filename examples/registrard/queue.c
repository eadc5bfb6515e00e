/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include <stddef.h>

void queue_add(struct queue *queue, struct queue_entry *entry)
{
	struct queue_entry *head = &queue->head;

	queue_remove(entry);
	if (!head->next)
		head->next = head->prev = head;
	entry->next = head;
	entry->prev = head->prev;
	head->prev->next = entry;
	head->prev = entry;
}

void queue_remove(struct queue_entry *entry)
{
	if (!entry->next)
		return;
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = entry->prev = NULL;
}

void *queue_first(const struct queue *queue)
{
	return queue->head.next ? queue_next(queue, &queue->head) : NULL;
}

void *queue_next(const struct queue *queue, const struct queue_entry *entry)
{
	return entry->next != &queue->head ? entry->next : NULL;
}
