/* SPDX-License-Identifier: MIT */
/* The lock of a shard when it is not free. A thread that has waited takes it as LOCK_AWAITED, because other threads
 * may still wait. */
#include "shard.h"

bool shard_open(struct shard *s)
{
	if (pthread_mutex_init(&s->mutex, NULL) != 0)
		return false;
	if (pthread_cond_init(&s->freed, NULL) == 0)
		return true;
	pthread_mutex_destroy(&s->mutex);
	return false;
}

void shard_close(struct shard *s)
{
	pthread_cond_destroy(&s->freed);
	pthread_mutex_destroy(&s->mutex);
}

void shard_await(struct shard *s)
{
	pthread_mutex_lock(&s->mutex);
	while (atomic_exchange_explicit(&s->lock, LOCK_AWAITED, memory_order_acquire) != LOCK_FREE)
		pthread_cond_wait(&s->freed, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
}

/* Under the mutex, so that no thread is between its look at the lock and its wait. */
void shard_wake(struct shard *s)
{
	pthread_mutex_lock(&s->mutex);
	pthread_cond_signal(&s->freed);
	pthread_mutex_unlock(&s->mutex);
}
