/* SPDX-License-Identifier: MIT */
/* The door of message/: requests, responses and targets, and their parts. */
#ifndef RG__MESSAGE_H
#define RG__MESSAGE_H

#include "message/next_hop.h"
#include "message/reasons.h"
#include "message/request.h"
#include "message/response.h"
#include "message/socket.h"
#include "message/targets.h"

#endif
