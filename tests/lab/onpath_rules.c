#include "tests/lab/onpath_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/onpath_flow.h"

#define TLS_PORT 443
#define HTTP_PORT 80
#define DNS_PORT 53
#define TYPE_A 1
#define TYPE_AAAA 28

struct onpath {
	const struct onpath_rules *rules;
	struct onpath_counts counts;
	struct onpath_flows flows;
};

/* A packet and all that belongs to it, while it is judged. */
struct passing {
	struct onpath *onpath;
	struct onpath_verdict *verdict;
	struct onpath_packet packet;
	size_t bytes;
	int from; /* index into sides */
	int64_t now_ns;
};

struct onpath *
onpath_rules_open(const struct onpath_rules *rules)
{
	struct onpath *onpath = calloc(1, sizeof(*onpath));

	if (onpath != NULL)
		onpath->rules = rules;
	return onpath;
}

void
onpath_rules_close(struct onpath *onpath)
{
	free(onpath);
}

struct onpath_counts
onpath_rules_counts(const struct onpath *onpath)
{
	return onpath->counts;
}

static bool
is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
forge(struct passing *p, const struct onpath_segment *segment)
{
	size_t i = p->verdict->forged_n;
	size_t n =
		onpath_forge_segment(p->verdict->forged[i].bytes, &p->packet, segment);

	if (n == 0)
		return;
	p->verdict->forged[i].n = n;
	p->verdict->forged[i].back = segment->back;
	p->verdict->forged_n++;
}

/* The sequence number behind a segment's payload. */
static uint32_t
end_of(const struct onpath_packet *packet)
{
	return packet->seq + (uint32_t)packet->payload_bytes;
}

static void
reset_both(struct passing *p)
{
	forge(p, &(struct onpath_segment){.back = true,
			 .flags = ONPATH_RST | ONPATH_ACK,
			 .seq = p->packet.ack,
			 .ack = end_of(&p->packet)});
	forge(p, &(struct onpath_segment){.flags = ONPATH_RST | ONPATH_ACK,
			 .seq = end_of(&p->packet),
			 .ack = p->packet.ack});
	p->onpath->counts.reset++;
}

static void
hear_hello(struct onpath_flow *flow, struct passing *p, const char *name)
{
	const struct onpath_rules *rules = p->onpath->rules;

	if (rules->drop_hello && p->packet.to_port == TLS_PORT &&
		!is_among(name, rules->listed, rules->listed_n))
		flow->dropped = true;
	for (size_t i = 0; i < rules->police_n && !flow->police; i++)
		if (strstr(name, rules->police[i].part))
			flow->police = i + 1;
	if (!flow->dropped && is_among(name, rules->reset, rules->reset_n))
		reset_both(p);
}

/* The redirect, at first and whenever its request comes again. */
static void
redirect(struct onpath_flow *flow, struct passing *p)
{
	char text[ONPATH_URL_BYTES + 128];
	int n = snprintf(text, sizeof(text),
		"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n"
		"Connection: close\r\n\r\n",
		p->onpath->rules->redirect[flow->redirect].url);

	forge(p, &(struct onpath_segment){.back = true,
			 .flags = ONPATH_PSH | ONPATH_ACK | ONPATH_FIN,
			 .seq = flow->taken_seq,
			 .ack = flow->taken_ack,
			 .payload = text,
			 .payload_bytes = (size_t)n < sizeof(text) ? (size_t)n
								   : sizeof(text) - 1});
}

static void
hear_request(struct onpath_flow *flow, struct passing *p, const char *name)
{
	const struct onpath_rules *rules = p->onpath->rules;

	for (size_t i = 0; i < rules->redirect_n && !flow->taken; i++) {
		if (strcmp(name, rules->redirect[i].name) != 0)
			continue;
		flow->taken = true;
		flow->client = p->from;
		flow->redirect = i;
		flow->taken_seq = p->packet.ack;
		flow->taken_ack = end_of(&p->packet);
		p->verdict->pass = false;
		p->onpath->counts.redirected++;
		redirect(flow, p);
		/* What the server expects next: this packet does not reach it. */
		forge(p, &(struct onpath_segment){.flags = ONPATH_RST | ONPATH_ACK,
				 .seq = p->packet.seq,
				 .ack = p->packet.ack});
	}
}

/* In the server's place: the request again, or the client's end. */
static void
speak_for_server(struct onpath_flow *flow, struct passing *p)
{
	const struct onpath_packet *packet = &p->packet;

	p->verdict->pass = false;
	p->onpath->counts.redirected++;
	if (p->from != flow->client || (packet->flags & ONPATH_RST))
		return;
	if (packet->payload_bytes && end_of(packet) == flow->taken_ack)
		redirect(flow, p);
	else if (packet->flags & ONPATH_FIN)
		forge(p, &(struct onpath_segment){.back = true,
				 .flags = ONPATH_ACK,
				 .seq = packet->ack,
				 .ack = end_of(packet) + 1});
}

/* What does the head of this direction say, now that more of it is there? */
static void
look(struct onpath_flow *flow, struct passing *p)
{
	struct onpath_side *side = &flow->sides[p->from];
	bool full = side->head_n == sizeof(side->head);
	enum onpath_head hello, request = ONPATH_OTHER;
	char name[ONPATH_NAME_BYTES], host[ONPATH_NAME_BYTES];

	hello = onpath_packet_hello(name, side->head, side->head_n);
	if (p->packet.to_port == HTTP_PORT)
		request = onpath_packet_request(host, side->head, side->head_n);
	side->looked = full || (hello != ONPATH_PART && request != ONPATH_PART);
	/* Never both, and so never more is forged than ONPATH_FORGED_MOST. */
	if (hello == ONPATH_WHOLE || (hello == ONPATH_PART && full))
		hear_hello(flow, p, name);
	else if (request == ONPATH_WHOLE)
		hear_request(flow, p, host);
}

/* A bucket that is full again at full_ns lacks what flows in until then. */
static bool
has_tokens(struct onpath_flow *flow, const struct passing *p)
{
	const struct onpath_rules *rules = p->onpath->rules;
	int64_t rate_bps = rules->police[flow->police - 1].rate_bps;
	int64_t burst_bytes = rules->police[flow->police - 1].burst_bytes;
	int64_t cost_ns = (int64_t)p->bytes * 8 * 1000000000 / rate_bps;
	struct onpath_side *side = &flow->sides[p->from];

	if (side->full_ns < p->now_ns)
		side->full_ns = p->now_ns;
	if (side->full_ns - p->now_ns + cost_ns >
		burst_bytes * 8 * 1000000000 / rate_bps)
		return false;
	side->full_ns += cost_ns;
	return true;
}

static bool
is_inside(const struct onpath_prefix *prefix, int version, const uint8_t *address)
{
	size_t whole = prefix->bits / 8;
	unsigned int rest = 8 - prefix->bits % 8;

	return prefix->version == version &&
	       memcmp(prefix->address, address, whole) == 0 &&
	       (rest == 8 || prefix->address[whole] >> rest == address[whole] >> rest);
}

static bool
is_far(const struct passing *p, const uint8_t *address)
{
	const struct onpath_rules *rules = p->onpath->rules;

	for (size_t i = 0; i < rules->prefixes_n; i++)
		if (is_inside(&rules->prefixes[i], p->packet.version, address))
			return !rules->all_but;
	return rules->all_but;
}

/* Does this packet of the far end go beyond what a connection may bring? */
static bool
freezes(const struct onpath_flow *flow, const struct passing *p)
{
	const struct onpath_side *side = &flow->sides[p->from];

	return p->onpath->rules->freeze_bytes > 0 && p->packet.payload_bytes > 0 &&
	       flow->client != p->from && side->begun &&
	       (int32_t)(end_of(&p->packet) - side->first) >
		       p->onpath->rules->freeze_bytes &&
	       is_far(p, p->packet.from) && !is_far(p, p->packet.to);
}

static void
judge_tcp(struct passing *p)
{
	struct onpath_counts *counts = &p->onpath->counts;
	struct onpath_flow *flow =
		onpath_flow_find(&p->onpath->flows, &p->packet, p->from, p->now_ns);

	if (flow->taken) {
		speak_for_server(flow, p);
		return;
	}
	if (onpath_flow_gather(&flow->sides[p->from], &p->packet) && !flow->dropped)
		look(flow, p);
	if (flow->dropped) {
		p->verdict->pass = false;
		counts->dropped++;
		return;
	}
	flow->frozen = flow->frozen || freezes(flow, p);
	if (flow->frozen) {
		p->verdict->pass = false;
		counts->frozen++;
	} else if (flow->police && !has_tokens(flow, p)) {
		p->verdict->pass = false;
		counts->policed++;
	}
}

static void
judge_udp(struct passing *p)
{
	const struct onpath_rules *rules = p->onpath->rules;
	struct onpath_verdict *verdict = p->verdict;
	struct onpath_question question;

	if (p->packet.to_port != DNS_PORT ||
		!onpath_packet_question(
			&question, p->packet.payload, p->packet.payload_bytes) ||
		(question.type != TYPE_A && question.type != TYPE_AAAA))
		return;
	for (size_t i = 0; i < rules->race_n; i++) {
		if (strcmp(question.name, rules->race[i].name) != 0)
			continue;
		verdict->forged[0].n = onpath_forge_answer(verdict->forged[0].bytes,
			&p->packet, &question,
			question.type == TYPE_A ? rules->race[i].address4
						: rules->race[i].address6,
			question.type == TYPE_A ? 4 : 16);
		verdict->forged[0].back = true;
		verdict->forged_n = verdict->forged[0].n > 0;
		verdict->hold_ns = rules->race_delay_ns;
		p->onpath->counts.raced++;
		return;
	}
}

void
onpath_rules_judge(struct onpath_verdict *verdict, struct onpath *onpath,
	const uint8_t *bytes, size_t n, bool leftward, int64_t now_ns)
{
	struct passing p = {.onpath = onpath,
		.verdict = verdict,
		.bytes = n,
		.from = leftward ? 1 : 0,
		.now_ns = now_ns};

	verdict->pass = true;
	verdict->hold_ns = 0;
	verdict->forged_n = 0;
	if (!onpath_packet_read(&p.packet, bytes, n))
		return;
	if (p.packet.protocol == ONPATH_TCP)
		judge_tcp(&p);
	else
		judge_udp(&p);
}
