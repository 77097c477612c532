#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "probe/steps.h"

/*
 * A throw-away child: it runs one function over one page of memory that it shares with us,
 * and is ended when its time is over. It dies with us, leaves no core, cannot be looked
 * into, holds none of our secrets, and of our files the one that is named.
 */
struct child {
	pid_t pid; /* 0: none runs */
	int fd; /* pidfd: readable when the child has ended */
	int64_t start_us, deadline_us; /* CLOCK_BOOTTIME */
	size_t job; /* the caller's */
	void *page;
	int keep; /* the one file that it keeps of ours; 0 none */
};

/* The memory to share, zeroed; munmap() gives it back. ERR_IO: logged. */
NODISCARD enum err child_page(void **page, size_t bytes);
/* Zeroes it, and gives back what was written into it. No child runs over it. */
void child_clear(void *page, size_t bytes);
/* fn(arg, child->page, bytes) in a new process, whose deadline is so long from now. The
 * child asserts that it cannot read ${key} (may be NULL). ERR_IO: logged. */
NODISCARD enum err child_start(struct child *child, const struct crypto_key *key,
	aside_fn *fn, void *arg, size_t bytes, int64_t deadline_us);
/* Has it ended? Without waiting. */
bool child_ended(const struct child *child);
/* Ends it if it still runs; true when it had ended well by itself. */
bool child_end(struct child *child, struct rusage *usage);
