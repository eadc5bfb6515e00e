/* SPDX-License-Identifier: MIT */
/* From the targets of a lookup to the branches of a request. */
#ifndef REGISTRARD_TARGETS_H
#define REGISTRARD_TARGETS_H

#include "server.h"

/* Forwards a call to all targets (see call_fork()), which are only read. @return 0, or -1 when out of memory; then nothing was done. */
int targets_fork(struct call *call, const rg_targets *targets, size_t later);

/* Forwards a call in a dialog to the targets of its device. The Request-URI stays (RFC 3261 §12.2.1.1). @return as targets_fork(). */
int targets_go_on(struct call *call, const rg_targets *targets);

/* Adds the targets of one more device (see call_join()). */
void targets_join(struct call *call, const rg_targets *targets);

#endif
