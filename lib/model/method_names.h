/* SPDX-License-Identifier: MIT */
/* The table of SIP methods: X(name, number of its bit). The enumeration is in <rgstr/record.h>. */
#ifndef RG__METHOD_NAMES_H
#define RG__METHOD_NAMES_H

#define RG__METHOD_MAP(X) \
	X(INVITE, 0) \
	X(ACK, 1) \
	X(BYE, 2) \
	X(CANCEL, 3) \
	X(REGISTER, 4) \
	X(OPTIONS, 5) \
	X(PRACK, 6) \
	X(UPDATE, 7) \
	X(INFO, 8) \
	X(SUBSCRIBE, 9) \
	X(NOTIFY, 10) \
	X(REFER, 11) \
	X(MESSAGE, 12) \
	X(PUBLISH, 13) \
	X(OTHER, 31)

#endif
