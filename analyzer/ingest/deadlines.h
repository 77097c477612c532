#pragma once

#include <stdint.h>

#include "common/err.h"

/*
 * An absolute deadline for each request: the HTTP library's own time-out is one of
 * idleness, and a sender of one byte now and then would never meet it. A thread shuts the
 * sockets whose time is up; whoever owns them then sees the end and closes them.
 */
struct deadlines;
struct deadline;

NODISCARD enum err deadlines_open(struct deadlines **deadlines, int64_t limit_us);
/* Every entry must have left. */
void deadlines_close(struct deadlines *deadlines);

/* The socket must stay open until it has left. */
struct deadline *deadlines_enter(struct deadlines *deadlines, int fd);
void deadlines_renew(struct deadlines *deadlines, struct deadline *deadline);
void deadlines_leave(struct deadlines *deadlines, struct deadline *deadline);
