#pragma once

#include "probe/doors/capture.h"

/* The worker: captures the connection of ${socket} and answers over ${reply} until it is told
 * to end or nobody listens any more. Ends the process. */
_Noreturn void capture_work(int reply, int socket, const struct capture_ask *ask);
