/* SPDX-License-Identifier: MIT */
/* The table of statuses: X(name, value, text). The enumeration is in <rgstr/status.h>. */
#ifndef RG__STATUSES_H
#define RG__STATUSES_H

#define RG__STATUS_MAP(X) \
	X(RG_OK, 0, "success") \
	X(RG_PENDING, 1, "the operation will complete later") \
	X(RG_EINVAL, -1, "invalid argument") \
	X(RG_ENOMEM, -2, "out of memory") \
	X(RG_ENOENT, -3, "no such thing") \
	X(RG_ENOTSUP, -4, "not supported here") \
	X(RG_ECANCELED, -5, "canceled") \
	X(RG_ETIMEOUT, -6, "no answer in time") \
	X(RG_ESTORE, -7, "location store unavailable") \
	X(RG_ECONFLICT, -8, "the record has changed meanwhile") \
	X(RG_EUNKNOWN, -9, "the outcome is unknown") \
	X(RG_EFULL, -10, "a budget is used up") \
	X(RG_ELIMIT, -11, "a limit is exceeded") \
	X(RG_EFORMAT, -12, "malformed data") \
	X(RG_ECONTRACT, -13, "a callback or store broke its contract")

#endif
