/* SPDX-License-Identifier: MIT */
/* The allocator of everything that is linked into this program. The memory store is a library of its own and has its own. */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

/* The nth allocation from now fails, once; 0: none. @return how many were left to go, which is 0 if it has failed. */
int allocations_fail(int nth);

/* The same with a run of allocations that fail. */
int allocations_fail_run(int nth, int run);

/* The next call of allocations_begin() calls allocations_fail_run() with these; further ones do nothing. */
void allocations_fail_later(int nth, int run);
void allocations_begin(void);

/* Calls @p hook once, just before the nth allocation from now. @p nth 0: not at all. */
void allocations_call(int nth, void (*hook)(void *user), void *user);

/* Blocks that are not freed. */
long allocations_kept(void);

#endif
