#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the programs that join two network namespaces share: a TUN device in each, a clock,
 * an end, the numbers of their command lines. */

/* A descriptor of a new TUN device called name in the namespace at path (/run/netns/NAME),
 * one IP packet a read; exits 1 with a sentence if there can be none. The device is made
 * here and moved: an open TUN holds the namespace it was made in, and one that this process
 * held could never go. */
int tun_open(const char *name, const char *path);

/* Did a read or write say that the device went with its namespace? Nothing else that it says
 * ends the link: one that is down, or has no room, loses packets. */
bool tun_is_gone(ssize_t done);

/* A descriptor that can be read once SIGTERM or SIGINT came; both are held back from now.
 * Exits 1 with a sentence if there can be none. */
int tun_stop(void);

int64_t tun_now_ns(void);

/* A whole number of a command line; NULL is none. Ends in argp's way with a sentence where it
 * is not from least to most. */
struct argp_state;
int64_t tun_number(
	const char *text, int64_t least, int64_t most, struct argp_state *state);
