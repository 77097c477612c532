#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>

#include "common/measurement.h"
#include "common/packet.h"

/*
 * libpcap's door in the probe. The worker that captures loads it: linked to the program it
 * would cost memory at rest, and all that the program does with it would be to have it.
 */
#define CAPTURE_PCAP_FUNCTIONS(OF)                                                     \
	OF(pcap_create)                                                                \
	OF(pcap_set_snaplen)                                                           \
	OF(pcap_set_buffer_size)                                                       \
	OF(pcap_set_immediate_mode)                                                    \
	OF(pcap_activate)                                                              \
	OF(pcap_set_datalink)                                                          \
	OF(pcap_compile)                                                               \
	OF(pcap_setfilter)                                                             \
	OF(pcap_freecode)                                                              \
	OF(pcap_setnonblock)                                                           \
	OF(pcap_get_selectable_fd)                                                     \
	OF(pcap_next_ex)                                                               \
	OF(pcap_stats)                                                                 \
	OF(pcap_close)

struct capture_pcap {
	pcap_t *at;
	int fd; /* readable when packets wait */
#define MEMBER(name) __typeof__(name) *name;
	CAPTURE_PCAP_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* One frame: its headers, cut behind those of TCP. */
struct capture_frame {
	int64_t time_us;
	int interface; /* its number */
	const uint8_t *ip; /* valid until the next */
	size_t n;
	struct packet packet;
};

/* Opens all interfaces for the TCP packets between ${port} of this machine and ${peer}; no
 * filter can be set afterwards, by nobody. none, or why it cannot be: no_permission,
 * no_library, internal. */
enum reason capture_pcap_open(
	struct capture_pcap *pcap, uint16_t port, const struct sockaddr *peer);
void capture_pcap_close(struct capture_pcap *pcap);
/* The next one that waits; false: none does. What is no TCP is passed over. */
bool capture_pcap_next(struct capture_frame *frame, const struct capture_pcap *pcap);
/* Those for which the kernel had no room. */
uint32_t capture_pcap_dropped(const struct capture_pcap *pcap);
