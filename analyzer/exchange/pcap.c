#include "analyzer/exchange/pcap.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"

#define SECONDS_MAX INT64_C(10000000000) /* the year 2286 */
#define TABLE (2 * PCAP_FLOWS_MAX)

struct reading {
	struct pcap_flows *out;
	uint32_t table[TABLE]; /* index of a flow and one, 0 empty */
	uint64_t seed; /* so that no file can make all its flows meet in one place */
	size_t room;
};

static const struct link {
	int type;
	enum packet_link link;
} links[] = {
	{DLT_EN10MB, PACKET_ETHERNET},
	{DLT_LINUX_SLL, PACKET_COOKED},
	{DLT_LINUX_SLL2, PACKET_COOKED2},
	{DLT_RAW, PACKET_RAW},
	{DLT_IPV4, PACKET_RAW},
	{DLT_IPV6, PACKET_RAW},
	{DLT_NULL, PACKET_NULL},
	{DLT_LOOP, PACKET_NULL},
	{DLT_PPP, PACKET_PPP},
	{DLT_PPP_SERIAL, PACKET_PPP},
};

static const struct link *
find_link(int type)
{
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
		if (links[i].type == type)
			return &links[i];
	return NULL;
}

static bool
same_end(const struct packet_end *a, const struct packet_end *b)
{
	return a->port == b->port &&
	       memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool
belongs(const struct pcap_flow *flow, const struct packet *p)
{
	return flow->version == p->version &&
	       ((same_end(&flow->first, &p->from) && same_end(&flow->second, &p->to)) ||
		       (same_end(&flow->first, &p->to) &&
			       same_end(&flow->second, &p->from)));
}

/* The same for both directions. Finalizer of MurmurHash3 (Appleby 2011). */
static uint64_t
mix(uint64_t seed, const struct packet_end *end)
{
	uint64_t words[2], hash = seed ^ end->port;

	memcpy(words, end->address, sizeof words);
	for (size_t i = 0; i < 2; i++) {
		hash ^= words[i] * UINT64_C(0x9e3779b97f4a7c15);
		hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
		hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
		hash ^= hash >> 33;
	}
	return hash;
}

/* Where the connection stands in the table, or could. */
static uint32_t *
find_place(struct reading *r, const struct packet *p)
{
	uint64_t at = mix(r->seed, &p->from) + mix(r->seed, &p->to);

	for (;; at++) {
		uint32_t *place = &r->table[at % TABLE];

		if (*place == 0 || belongs(&r->out->flows[*place - 1], p))
			return place;
	}
}

/* The same ends may meet again: a SYN with a number of its own begins a connection. */
static bool
begins_anew(const struct pcap_flow *flow, const struct flow_packet *tcp)
{
	const struct flow_packet *first = &flow->packets[0];

	return (tcp->flags & (FLOW_SYN | FLOW_ACK)) == FLOW_SYN &&
	       (!(first->flags & FLOW_SYN) || first->seq != tcp->seq);
}

static struct pcap_flow *
flow_of(struct reading *r, const struct packet *p)
{
	uint32_t *place = find_place(r, p);
	struct pcap_flow *flow;

	if (*place > 0 && !begins_anew(&r->out->flows[*place - 1], &p->tcp))
		return &r->out->flows[*place - 1];
	if (r->out->n == PCAP_FLOWS_MAX)
		return NULL;
	flow = &r->out->flows[r->out->n++];
	*flow = (struct pcap_flow){
		.version = p->version, .first = p->from, .second = p->to};
	*place = (uint32_t)r->out->n;
	return flow;
}

static void
keep(struct pcap_flow *flow, const struct packet *p, int64_t time_us)
{
	struct flow_packet *kept;

	/* Room is made in powers of two. */
	if ((flow->n & (flow->n - 1)) == 0) {
		flow->packets = realloc(flow->packets,
			(flow->n ? 2 * flow->n : 1) * sizeof *flow->packets);
		if (!flow->packets)
			bug("no memory");
	}
	kept = &flow->packets[flow->n++];
	*kept = p->tcp;
	kept->time_us = time_us;
	kept->from_first = same_end(&flow->first, &p->from);
}

/* A time that no clock had is that of the packet before. */
static int64_t
time_of(const struct pcap_pkthdr *head)
{
	int64_t s = head->ts.tv_sec, us = head->ts.tv_usec;

	if (s < 0 || s > SECONDS_MAX || us < 0 || us >= 1000000)
		return 0;
	return s * 1000000 + us;
}

/* NULL, or why no more is taken. */
static const char *
take_frame(struct reading *r, enum packet_link link, const struct pcap_pkthdr *head,
	const uint8_t *bytes)
{
	int64_t time_us = time_of(head);
	struct pcap_flow *flow;
	struct packet packet;

	/* Two captured at once, or a clock that was set, may stand in another order. */
	if (time_us > r->out->until_us)
		r->out->until_us = time_us;
	if (!packet_read(&packet, link, bytes, head->caplen, head->len))
		return NULL;
	if (r->out->packets == PCAP_PACKETS_MAX)
		return "it holds more packets than are judged at once (2000000); cut "
		       "it "
		       "in pieces";
	flow = flow_of(r, &packet);
	if (!flow)
		return "it holds more connections than are judged at once (4096); cut "
		       "it in pieces";
	r->out->packets++;
	keep(flow, &packet, r->out->until_us);
	return NULL;
}

static enum err
read_frames(struct reading *r, pcap_t *pcap, char room[static PCAP_WHY_BYTES],
	const char **why)
{
	int type = pcap_datalink(pcap), got = 0;
	const char *name = pcap_datalink_val_to_name(type);
	const struct link *link = find_link(type);
	struct pcap_pkthdr *head;
	const uint8_t *bytes;

	if (!link) {
		snprintf(room, PCAP_WHY_BYTES,
			"it was captured on a link that is not read here (%s)",
			name ? name : "one without a name");
		*why = room;
		return ERR_FORMAT;
	}
	while (!*why && (got = pcap_next_ex(pcap, &head, &bytes)) == 1)
		*why = take_frame(r, link->link, head, bytes);
	if (!*why && got != PCAP_ERROR_BREAK) {
		snprintf(room, PCAP_WHY_BYTES,
			"it ends before its end (%s); what came before was judged",
			pcap_geterr(pcap));
		*why = room;
	}
	return OK;
}

enum err
pcap_flows_read(struct pcap_flows *out, FILE *file, char room[static PCAP_WHY_BYTES],
	const char **why)
{
	struct reading *r = calloc(1, sizeof *r);
	char said[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline(file, said);
	enum err err;

	*out = (struct pcap_flows){calloc(PCAP_FLOWS_MAX, sizeof *out->flows), 0, 0, 0};
	if (!r || !out->flows)
		bug("no memory");
	*why = NULL;
	if (!pcap) {
		fclose(file);
		free(r);
		snprintf(room, PCAP_WHY_BYTES,
			"this is no capture, pcap or pcapng (%s)", said);
		*why = room;
		return ERR_FORMAT;
	}
	r->out = out;
	crypto_random(&r->seed, sizeof r->seed);
	err = read_frames(r, pcap, room, why);
	pcap_close(pcap);
	free(r);
	return err;
}

void
pcap_flows_free(struct pcap_flows *flows)
{
	for (size_t i = 0; i < flows->n; i++)
		free(flows->flows[i].packets);
	free(flows->flows);
	*flows = (struct pcap_flows){NULL, 0, 0, 0};
}
