#pragma once

#include <stdio.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/packet.h"

/*
 * Captures (pcap and pcapng) -> the packets of each TCP connection. Every byte is hostile:
 * so many connections and packets are taken and no more, whatever the file says.
 */

#define PCAP_FLOWS_MAX 4096
#define PCAP_PACKETS_MAX 2000000

struct pcap_flow {
	uint8_t version; /* 4 or 6 */
	struct packet_end first, second; /* first: who sent the first packet */
	struct flow_packet *packets;
	size_t n;
};

struct pcap_flows {
	struct pcap_flow *flows; /* in the order of their first packets */
	size_t n;
	size_t packets; /* of all of them */
	int64_t until_us; /* time of the last packet of the capture */
};

/* Reads a capture to its end; closes ${file} in any case. ${why} (static, or ${room}):
 * NULL, or a sentence on why not all of it was taken; what was read before stands.
 * ERR_FORMAT: it is no capture, or of a link that holds no IP. */
#define PCAP_WHY_BYTES 320
NODISCARD enum err pcap_flows_read(struct pcap_flows *out, FILE *file,
	char room[static PCAP_WHY_BYTES], const char **why);
void pcap_flows_free(struct pcap_flows *flows);
