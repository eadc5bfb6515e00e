/* SPDX-License-Identifier: MIT */
/* The door of config/: the tables of parameters and flags, and the settings in effect. */
#ifndef RG__CONFIG_H
#define RG__CONFIG_H

#include "config/options.h"
#include "config/settings.h"

#endif
