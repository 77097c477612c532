#pragma once

#include "common/flow.h"

struct measurement;

/*
 * What one end's kernel counts of a transfer (tcp(7), TCP_INFO), looked at while it runs ->
 * the facts of flow.h, as far as counters can show them. Pure. It needs no privilege.
 *
 * The sending end knows what it sent again and how long its round trips are; when each
 * packet left, and so which bucket would have been empty, it does not tell. The receiving
 * end knows what came, out of order or not, and the round trip by its timestamps (RFC
 * 7323); a loss it cannot count. What is not told is left out.
 */

#define FLOW_LOOKS 1024
#define FLOW_LOOK_APART_US 10000 /* at least between two looks */

/* Counters of the connection, from its beginning on. */
struct flow_look {
	int64_t time_us;
	/* Smoothed, under load: of the sender tcpi_rtt, of the receiver tcpi_rcv_rtt; 0: not
	 * known yet. */
	int64_t rtt_us;
	int64_t rest_us; /* tcpi_min_rtt; 0: not known yet */
	int64_t packets; /* that arrived: tcpi_delivered or tcpi_data_segs_in */
	int64_t bytes; /* that arrived, in order: tcpi_bytes_acked or _received */
	int64_t silent_us; /* since the far end was last heard: tcpi_last_ack_recv, _data_recv */
	/* Of the sender. */
	int64_t sent, again, needless; /* data_segs_out, total_retrans, dsack_dups */
	/* Of the receiver; -1: this kernel does not tell. */
	int64_t overtaken; /* rcv_ooopack */
};

struct flow_looks {
	enum flow_end end; /* which of them looks */
	uint32_t head_bytes; /* of IP and TCP together, a packet */
	int64_t apart_us; /* at least, between two looks that are kept */
	size_t n;
	struct flow_look first, last; /* before the transfer; the newest */
	struct flow_look looks[FLOW_LOOKS];
};

/* Takes the counters as they are before the first byte of the transfer. */
void flow_looks_start(struct flow_looks *looks, enum flow_end end, uint32_t head_bytes,
	const struct flow_look *first);
/* Keeps it, or only as the newest where it comes too soon; not where it counts less than the
 * one before. Of more than FLOW_LOOKS every
 * second one goes, and from then on they are twice as far apart. */
void flow_looks_add(struct flow_looks *looks, const struct flow_look *look);
/* sent, lost, passed_bytes, span_us, passed_bps, waits and service; the rest says that
 * nothing tells. A loss is what was sent again and not needlessly (RFC 2883). */
void flow_looks_measure(struct flow_facts *facts, const struct flow_looks *looks);

/* ---- into a line ---- */

/* Writes what is known into the fields of a measurement; what no field can hold is left
 * out. Of what packets showed, in place of what counters had said: */
void flow_note(
	struct measurement *m, const struct flow *flow, const struct flow_facts *facts);
/* Takes back all of it. */
void flow_note_nothing(struct measurement *m);
/* The part of it that any connection has, a transfer or not. */
void flow_note_resets(struct measurement *m, const struct flow *flow);
/* Of what counters showed; nothing before the first look. */
void flow_note_looks(struct measurement *m, const struct flow_looks *looks);
/* What both may show. */
void flow_note_facts(struct measurement *m, const struct flow_facts *facts);
