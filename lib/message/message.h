/* SPDX-License-Identifier: MIT */
/* The door of message/: requests, responses, targets, and what they are made of. */
#ifndef RG__MESSAGE_H
#define RG__MESSAGE_H

#include "message/next_hop.h"
#include "message/request.h"
#include "message/response.h"
#include "message/socket.h"
#include "message/targets.h"

#endif
