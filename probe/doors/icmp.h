#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/socket.h"

/*
 * Echo requests (RFC 792, RFC 4443 section 4) from an unprivileged socket, SOCK_DGRAM,
 * as net.ipv4.ping_group_range permits; the kernel takes care of identifier and checksum,
 * and hands back ICMP errors through IP_RECVERR (ip(7)). In shape they are those of busybox's
 * ping, 64 bytes that a router's line monitor sends (common/ORDINARY.md).
 */
#define ICMP_COUNT_MAX 32

struct icmp_plan {
	union socket_address to;
	uint8_t ttl; /* 0: the usual one */
	uint8_t count; /* 1 to ICMP_COUNT_MAX; others are taken for the nearest */
	int64_t pace_us; /* between two requests */
	int64_t linger_us; /* waits so long for answers after the last request */
	int64_t longest_us; /* and so long in all */
};

struct icmp_result {
	enum stage stage;
	enum outcome outcome; /* of what is known so far */
	enum reason reason; /* of unmeasured */
	int os_error;
	uint8_t sent, received; /* requests, and echo replies to them */
	int reply_ttl; /* of the newest answer, -1 unknown */
	int icmp_type, icmp_code; /* of the newest error, -1 none */
	uint8_t answered; /* times below: echo replies, and TTLs that ran out */
	int64_t rtt_us[ICMP_COUNT_MAX]; /* sorted */
	int64_t wire_bytes;
};

/* Called before each step and after each packet. */
typedef void icmp_watch_fn(void *arg, const struct icmp_result *result);

/* Sends, waits, and returns as soon as every request has its answer. */
void icmp_ping(struct icmp_result *result, const struct icmp_plan *plan,
	icmp_watch_fn *watch, void *arg);
/* Writes what is known so far into the fields of a measurement. */
void icmp_note(struct measurement *m, const struct icmp_result *result);
