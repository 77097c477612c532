#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Packets of one TCP connection, seen at either end, -> facts of the transfer. Pure; it
 * judges nothing (the analyzer's analysis/bottleneck.h does).
 *
 * What is sent is written down first as a list of single packets, each with whether it
 * arrived and how long it waited (flow_read()); every fact is computed from such a list,
 * so that the lists of flows that share a path can be put together (flow_merge()) and
 * pieces of one be measured apart.
 *
 * Sources: RFC 9293 (TCP), RFC 2018 (SACK), RFC 7323 (timestamps), RFC 3522 (which of
 * two transmissions an echoed timestamp speaks of); Flach et al., "An Internet-Wide
 * Analysis of Traffic Policing", SIGCOMM 2016 (a token bucket run beside the packets: a
 * meter's losses find it empty, and nothing had waited before them); Mathis et al.,
 * CCR 27(3) 1997 (what random loss does to a rate).
 */

#define FLOW_SACKS 4

enum flow_flag { FLOW_FIN = 0x01, FLOW_SYN = 0x02, FLOW_RST = 0x04, FLOW_ACK = 0x10 };

/* One packet as captured. Everything but time_us is the sender's word, and hostile. */
struct flow_packet {
	int64_t time_us; /* never less than that of the packet before */
	uint32_t seq, ack;
	uint32_t payload_bytes; /* by the IP header: the capture may hold less of it */
	uint32_t ts_value, ts_echo; /* RFC 7323, where has_ts */
	uint32_t sacks[FLOW_SACKS][2];
	uint16_t head_bytes; /* of IP and TCP together */
	uint16_t mss; /* of a SYN's option; 0 none */
	uint16_t ip_id; /* IPv4 identification, where has_id */
	uint8_t sacks_n, flags, hops; /* hops: TTL or hop limit */
	bool from_first; /* by who sent the first packet of the capture */
	bool has_ts, has_id;
};

/* One packet of the end that sent more, as it went onto the wire. */
struct flow_sent {
	int64_t time_us; /* sent (seen at the sender), or arrived (at the receiver; of a
			    lost one: right behind what arrived before it) */
	int64_t arrived_us; /* arrived, or its acknowledgement did; -1 not known */
	int32_t wait_us; /* longer under way than the quickest; -1 not known */
	uint32_t bytes : 31; /* of the IP packet */
	uint32_t lost : 1;
};

enum flow_end { FLOW_AT_SENDER, FLOW_AT_RECEIVER };

/* A reset that may be somebody else's: each is a sign, none is proof (28% of resets of
 * ordinary servers differ in TTL; Weaver et al., NDSS 2009). */
struct flow_resets {
	uint32_t n;
	uint32_t odd_hops; /* hop count unlike that end's other packets */
	uint32_t odd_id; /* IP id out of that end's series */
	uint32_t odd_seq; /* sequence number not where that end was */
	uint32_t
		too_soon; /* sooner behind the other end's packet than any round trip */
	uint32_t answered_after; /* that end went on sending */
};

struct flow {
	struct flow_sent *sent; /* in the order of time */
	size_t n;
	enum flow_end end; /* nearer to whom it was captured */
	uint64_t payload_bytes; /* that arrived, once each */
	int64_t first_us,
		last_us; /* of the packets with payload, or acknowledging it */
	int64_t rtt_min_us, rtt_median_us, rtt_p90_us; /* 0 not known */
	/* An open connection on which nothing arrived any more: how long until the end of
	 * the capture, or 0, and how often the sender tried again. */
	int64_t silent_us;
	uint32_t silent_tries;
	struct flow_resets resets;
	size_t most; /* packets that the list may hold */
	bool cut; /* and there were more: the rest was not read */
};

/* ${until_us}: when the capture ended. The list, of ${most} packets at the most, is
 * malloc's; flow_free() takes {0} too. */
void flow_read(struct flow *flow, const struct flow_packet *packets, size_t n,
	int64_t until_us, size_t most);
void flow_free(struct flow *flow);
/* The lists of ${n} flows as one, in the order of time: what passed the same place. Only
 * sent, n, rtt_min_us, first_us, last_us and payload_bytes are filled in. */
void flow_merge(struct flow *out, const struct flow *const *flows, size_t n);

/* ---- facts ---- */

/* A token bucket that is run beside the packets: which rate and size make it empty when
 * one was lost, and not when one passed? Its level is put right at each packet by what
 * became of that, so that a small error of the rate does not grow. */
struct flow_meter {
	int64_t rate_bps; /* of IP packets; 0: too few losses to fit anything */
	int64_t burst_bytes;
	/* Share of the losses behind a packet that passed which found it empty, less the
	 * share of the passed ones that did (Youden's J), in thousandths: 1000 a meter and
	 * nothing else, about 0 losses that know of no meter. */
	int32_t fit_permille;
};

#define FLOW_RATES 50

struct flow_facts {
	size_t sent, lost;
	size_t onsets; /* losses behind a packet that passed */
	uint64_t passed_bytes; /* of IP packets */
	int64_t span_us;
	int64_t passed_bps; /* over all of it */
	struct flow_meter meter;
	/* What waited in a queue. -1: nothing tells. */
	int64_t wait_median_us, wait_high_us; /* median and upper quartile of all */
	int64_t wait_at_loss_us; /* lower quartile of those right before a loss */
	size_t loss_waits; /* how many that is of */
	/* The line behind a queue: the rate of what arrived while packets waited. */
	size_t service_n; /* pieces of ten packets and more; 0: nothing waited */
	int64_t service_bps; /* median of their rates */
	int32_t service_flat_permille; /* of them within an eighth of the median */
	size_t step_n; /* pieces of two packets */
	int32_t step_flat_permille;
	/* Rate over time: the span in equal pieces. */
	int64_t rates_bps[FLOW_RATES];
	size_t rates_n;
};

/* Of ${n} packets of a list. ${rtt_us}: the flow's rtt_min_us. */
void flow_measure(struct flow_facts *facts, const struct flow_sent *sent, size_t n,
	int64_t rtt_us);
/* Only the meter, for flow_measure(). */
void flow_meter_fit(struct flow_meter *meter, const struct flow_sent *sent, size_t n);
/* Only what waited. */
void flow_queue_measure(struct flow_facts *facts, const struct flow_sent *sent,
	size_t n, int64_t rtt_us);

/* ---- how a list is made, for flow_read() ---- */

/* The packets of a connection, with sequence numbers as distances from the sender's
 * first, which do not wrap. */
struct flow_view {
	const struct flow_packet *packets;
	size_t n;
	bool sender_first; /* the sender of the payload has from_first set */
	uint32_t piece_bytes; /* payload of a full packet */
};
/* end, and the round trips. */
void flow_trips_read(struct flow *flow, const struct flow_view *view);
/* sent, n and payload_bytes. */
void flow_sender_read(struct flow *flow, const struct flow_view *view);
void flow_receiver_read(struct flow *flow, const struct flow_view *view);
/* Appends one that is neither lost nor known to have arrived; NULL: the list is full. */
struct flow_sent *flow_append(struct flow *flow, int64_t time_us, uint32_t bytes);
/* Sorts and gives the value below which ${permille} of them lie; 0 of none. */
int64_t flow_quantile(int64_t *values, size_t n, unsigned permille);
