/* SPDX-License-Identifier: MIT */
/* The allocator of everything that is linked into this program. The stores are libraries of their own and have theirs. */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

/* The nth allocation from now fails, once; 0: none. @return how many were left to go, which is 0 if it has failed. */
int allocations_fail(int nth);

/* Calls @p hook once, just before the nth allocation from now. @p nth 0: not at all. */
void allocations_call(int nth, void (*hook)(void *user), void *user);

/* Blocks that are not freed. */
long allocations_kept(void);

#endif
