#pragma once

#include "common/err.h"

/*
 * Whose a folder is. A service keeps its folder under a user of its own, and a person
 * types its commands with sudo: what they leave there must stay the service's.
 */

/* Root becomes the owner of the folder, for good: user, group, no other groups. Nothing
 * happens where there is no such folder or where it is root's own. Then as
 * owner_let_in(). */
NODISCARD enum err owner_become(const char *dir);

/* ERR_PERMISSION, logged with what to do, when the folder does not let us in. */
NODISCARD enum err owner_let_in(const char *dir);
