#pragma once

#include <stdbool.h>

/*
 * What a process may do beyond others (capabilities(7)). Capturing packets takes
 * CAP_NET_RAW, and nothing else here takes any.
 */

/* Does this process hold CAP_NET_RAW now? */
bool privilege_may_capture(void);
/* Gives up, for good, CAP_NET_RAW and with CAP_SETPCAP the means to have it again: permitted,
 * effective, inheritable, ambient; bounding where the system lets us, and in any case no
 * program that is started can gain it. False: it is still there. */
bool privilege_drop_capture(void);
/* Gives up everything but CAP_NET_RAW. ${dir}: a root becomes its owner, as everywhere
 * (common/owner.h). False: it could not. */
bool privilege_keep_capture(const char *dir);
/* Gives up everything. */
bool privilege_drop_all(void);
