#include "analyzer/commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/bottleneck.h"
#include "analyzer/exchange/pcap.h"
#include "analyzer/report/options.h"
#include "common/log.h"

/* Captures -> a verdict on each transfer in them. */

#define CHUNK_BYTES 2000000 /* a piece of a video, as Flach et al. judged them */
#define CHUNKS_MAX 32
#define SENT_MAX 4000000 /* packets held at once, of all connections of a capture */
#define SILENT_LEAST_US 3000000
#define TUPLE_BYTES 112

struct transfer {
	const struct pcap_flow *from;
	struct flow flow;
	struct packet_end sender, receiver;
	size_t group; /* of those to the same receiver */
	struct flow_facts facts;
	struct bottleneck_verdict verdict;
	enum bottleneck chunks[CHUNKS_MAX];
	size_t chunks_n;
};

struct group {
	struct flow flow; /* of all its transfers */
	struct flow_facts facts;
};

struct judging {
	struct transfer *transfers;
	struct group *groups;
	size_t n, groups_n;
};

/* ---- what went to whom ---- */

static void
read_transfer(
	struct transfer *t, const struct pcap_flow *from, int64_t until_us, size_t most)
{
	uint64_t bytes[2] = {0, 0};
	bool first;

	for (size_t i = 0; i < from->n; i++)
		bytes[from->packets[i].from_first] += from->packets[i].payload_bytes;
	first = bytes[1] >= bytes[0];
	*t = (struct transfer){.from = from,
		.sender = first ? from->first : from->second,
		.receiver = first ? from->second : from->first};
	flow_read(&t->flow, from->packets, from->n, until_us, most);
}

static bool
same_receiver(const struct transfer *a, const struct transfer *b)
{
	return a->from->version == b->from->version &&
	       memcmp(a->receiver.address, b->receiver.address,
		       sizeof a->receiver.address) == 0;
}

static int
by_receiver(const void *a, const void *b)
{
	const struct transfer *x = a, *y = b;
	int order = memcmp(
		x->receiver.address, y->receiver.address, sizeof x->receiver.address);

	if (x->from->version != y->from->version)
		return x->from->version < y->from->version ? -1 : 1;
	return order ? order : (x->from > y->from) - (x->from < y->from);
}

static int
by_bytes(const void *a, const void *b)
{
	const struct transfer *x = a, *y = b;

	if (x->flow.payload_bytes != y->flow.payload_bytes)
		return x->flow.payload_bytes > y->flow.payload_bytes ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

static void
merge_groups(struct judging *j)
{
	const struct flow **flows = calloc(j->n ? j->n : 1, sizeof *flows);
	size_t n;

	j->groups = calloc(j->n ? j->n : 1, sizeof *j->groups);
	if (!flows || !j->groups)
		bug("no memory");
	qsort(j->transfers, j->n, sizeof *j->transfers, by_receiver);
	for (size_t i = 0; i < j->n; i += n) {
		struct group *group = &j->groups[j->groups_n];

		for (n = 0; i + n < j->n &&
			    same_receiver(&j->transfers[i], &j->transfers[i + n]);
			n++) {
			flows[n] = &j->transfers[i + n].flow;
			j->transfers[i + n].group = j->groups_n;
		}
		flow_merge(&group->flow, flows, n);
		flow_measure(&group->facts, group->flow.sent, group->flow.n,
			group->flow.rtt_min_us);
		j->groups_n++;
	}
	free(flows);
}

/* ---- verdicts ---- */

static void
judge_chunk(struct transfer *t, const struct group *group, size_t from, size_t to,
	uint64_t bytes)
{
	const struct flow_sent *own = t->flow.sent, *all = group->flow.sent;
	struct bottleneck_verdict verdict;
	struct flow_facts facts, others;
	size_t begin = 0, end;

	while (begin < group->flow.n && all[begin].time_us < own[from].time_us)
		begin++;
	for (end = begin;
		end < group->flow.n && all[end].time_us <= own[to - 1].time_us;)
		end++;
	flow_measure(&facts, own + from, to - from, t->flow.rtt_min_us);
	flow_measure(&others, all + begin, end - begin, group->flow.rtt_min_us);
	bottleneck_judge(&verdict, &facts, &others, bytes);
	t->chunks[t->chunks_n++] = verdict.is;
}

static void
judge_chunks(struct transfer *t, const struct group *group)
{
	uint64_t size = t->facts.passed_bytes / CHUNKS_MAX + 1, bytes = 0;
	size_t from = 0;

	size = size > CHUNK_BYTES ? size : CHUNK_BYTES;
	for (size_t i = 0; i < t->flow.n; i++) {
		bytes += t->flow.sent[i].lost ? 0 : t->flow.sent[i].bytes;
		if (bytes < size && i + 1 < t->flow.n)
			continue;
		judge_chunk(t, group, from, i + 1, bytes);
		from = i + 1;
		bytes = 0;
	}
}

/* Facts beside the verdict, as the end of its sentence. */
static void
say_more(struct transfer *t)
{
	const struct flow_resets *r = &t->flow.resets;
	char *why = t->verdict.why;
	size_t room = sizeof t->verdict.why, at = strlen(why);

	if (t->flow.silent_us >= SILENT_LEAST_US && t->flow.silent_tries > 0)
		at += (size_t)snprintf(why + at, room - at,
			"; behind %llu bytes the open connection fell silent for %lld "
			"s, whatever was sent again",
			(unsigned long long)t->flow.payload_bytes,
			(long long)(t->flow.silent_us / 1000000));
	if (at < room && r->n > 0 && (r->too_soon || r->answered_after))
		snprintf(why + at, room - at,
			"; a reset came that its end may not have sent (sooner than a "
			"round trip %u, more from that end behind it %u, other hop "
			"count %u)",
			r->too_soon, r->answered_after, r->odd_hops);
}

static void
judge(struct judging *j, const struct pcap_flows *flows)
{
	size_t room = SENT_MAX;

	j->transfers = calloc(flows->n ? flows->n : 1, sizeof *j->transfers);
	if (!j->transfers)
		bug("no memory");
	for (size_t i = 0; i < flows->n; i++) {
		struct transfer *t = &j->transfers[j->n];

		read_transfer(t, &flows->flows[i], flows->until_us, room);
		room -= t->flow.n;
		if (t->flow.payload_bytes > 0)
			j->n++;
		else
			flow_free(&t->flow);
	}
	merge_groups(j);
	for (size_t i = 0; i < j->n; i++) {
		struct transfer *t = &j->transfers[i];
		struct group *group = &j->groups[t->group];

		flow_measure(&t->facts, t->flow.sent, t->flow.n, t->flow.rtt_min_us);
		bottleneck_judge(
			&t->verdict, &t->facts, &group->facts, t->flow.payload_bytes);
		judge_chunks(t, group);
		say_more(t);
	}
	qsort(j->transfers, j->n, sizeof *j->transfers, by_bytes);
}

static void
judging_free(struct judging *j)
{
	for (size_t i = 0; i < j->n; i++)
		flow_free(&j->transfers[i].flow);
	for (size_t i = 0; i < j->groups_n; i++)
		flow_free(&j->groups[i].flow);
	free(j->transfers);
	free(j->groups);
}

/* ---- what a person reads ---- */

static const struct column columns[] = {
	{"file", COLUMN_TEXT},
	{"tuple", COLUMN_TEXT},
	{"bytes", COLUMN_NUMBER},
	{"verdict", COLUMN_TEXT},
	{"rate_bps", COLUMN_NUMBER},
	{"burst_bytes", COLUMN_NUMBER},
	{"loss", COLUMN_NUMBER},
	{"rtt_min_us", COLUMN_NUMBER},
	{"rtt_p90_us", COLUMN_NUMBER},
	{"why", COLUMN_TEXT},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

/* As JSON a file is one object. */
static const struct column json_columns[] = {
	{"file", COLUMN_TEXT},
	{"flows", COLUMN_JSON},
};

static void
print_end(struct buf *out, const struct packet_end *end, uint8_t version)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(version == 4 ? AF_INET : AF_INET6, end->address, address,
		sizeof address);
	buf_printf(out, version == 4 ? "%s:%u" : "[%s]:%u", address, end->port);
}

static void
print_tuple(struct buf *out, const struct transfer *t)
{
	buf_clear(out);
	print_end(out, &t->sender, t->from->version);
	buf_puts(out, ">");
	print_end(out, &t->receiver, t->from->version);
}

/* "" or null for what there is none of. */
static void
print_number(struct buf *out, int64_t number, const char *none)
{
	if (number < 0)
		buf_puts(out, none);
	else
		buf_printf(out, "%lld", (long long)number);
}

static void
print_loss(struct buf *out, const struct flow_facts *facts)
{
	size_t sent = facts->sent ? facts->sent : 1;
	size_t tenths = facts->lost * 10000 / sent;

	buf_printf(out, "%zu.%04zu", tenths / 10000, tenths % 10000);
}

static void
print_json(struct buf *out, const struct transfer *t, const struct group *group)
{
	struct buf tuple = {0};

	print_tuple(&tuple, t);
	buf_printf(out, "{\"tuple\":\"%s\",\"bytes\":%llu,\"verdict\":\"%s\"",
		tuple.data, (unsigned long long)t->flow.payload_bytes,
		bottleneck_name(t->verdict.is));
	buf_puts(out, ",\"rate_bps\":");
	print_number(out, t->verdict.rate_bps, "null");
	buf_puts(out, ",\"burst_bytes\":");
	print_number(out, t->verdict.burst_bytes, "null");
	buf_puts(out, ",\"loss\":");
	print_loss(out, &t->facts);
	buf_printf(out,
		",\"rtt_min_us\":%lld,\"rtt_p90_us\":%lld,\"captured_at\":\"%s\","
		"\"packets\":%zu,\"lost\":%zu,\"fit_permille\":%d,"
		"\"wait_at_loss_us\":%lld,\"wait_high_us\":%lld,\"service_bps\":%lld,"
		"\"service_flat_permille\":%d,\"step_flat_permille\":%d,\"silent_us\":%"
		"lld,\"resets\":%u",
		(long long)t->flow.rtt_min_us, (long long)t->flow.rtt_p90_us,
		t->flow.end == FLOW_AT_SENDER ? "sender" : "receiver", t->facts.sent,
		t->facts.lost, group->facts.meter.fit_permille,
		(long long)t->facts.wait_at_loss_us, (long long)t->facts.wait_high_us,
		(long long)t->facts.service_bps, t->facts.service_flat_permille,
		t->facts.step_flat_permille, (long long)t->flow.silent_us,
		t->flow.resets.n);
	buf_puts(out, ",\"chunks\":[");
	for (size_t i = 0; i < t->chunks_n; i++)
		buf_printf(out, "%s{\"index\":%zu,\"verdict\":\"%s\"}", i ? "," : "", i,
			bottleneck_name(t->chunks[i]));
	buf_printf(out, "],\"why\":\"%s\"}", t->verdict.why);
	buf_free(&tuple);
}

static void
list_json(struct listing *listing, const struct judging *j, const char *path)
{
	struct buf flows = {0};

	buf_puts(&flows, "[");
	for (size_t i = 0; i < j->n; i++) {
		buf_puts(&flows, i ? "," : "");
		print_json(&flows, &j->transfers[i], &j->groups[j->transfers[i].group]);
	}
	buf_puts(&flows, "]");
	listing_row(listing, (const char *const[]){path, flows.data});
	buf_free(&flows);
}

static void
list_row(struct listing *listing, const struct transfer *t, const char *path)
{
	struct buf cells[COLUMNS] = {{0}};
	const char *texts[COLUMNS];

	buf_puts(&cells[0], path);
	print_tuple(&cells[1], t);
	print_number(&cells[2], (int64_t)t->flow.payload_bytes, "");
	buf_puts(&cells[3], bottleneck_name(t->verdict.is));
	print_number(&cells[4], t->verdict.rate_bps, "");
	print_number(&cells[5], t->verdict.burst_bytes, "");
	print_loss(&cells[6], &t->facts);
	print_number(&cells[7], t->flow.rtt_min_us, "");
	print_number(&cells[8], t->flow.rtt_p90_us, "");
	buf_puts(&cells[9], t->verdict.why);
	for (size_t i = 0; i < COLUMNS; i++)
		texts[i] = cells[i].data;
	listing_row(listing, texts);
	for (size_t i = 0; i < COLUMNS; i++)
		buf_free(&cells[i]);
}

/* False: not all of it was judged, and a sentence said why. */
static bool
judge_file(struct listing *listing, const char *path, bool json)
{
	char room[PCAP_WHY_BYTES];
	const char *why = NULL;
	struct judging j = {0};
	struct pcap_flows flows;
	FILE *file = fopen(path, "rb");

	if (!file) {
		log_error("%s: %s", path, strerror(errno));
		return false;
	}
	if (pcap_flows_read(&flows, file, room, &why) == OK) {
		judge(&j, &flows);
		if (json)
			list_json(listing, &j, path);
		for (size_t i = 0; !json && i < j.n; i++)
			list_row(listing, &j.transfers[i], path);
	}
	if (why)
		log_error("%s: %s", path, why);
	judging_free(&j);
	pcap_flows_free(&flows);
	return why == NULL;
}

int
flows_judge(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.args_doc = "FILE.pcap...",
		.doc = "Judges the TCP transfers in captures (pcap, pcapng) taken at "
		       "either "
		       "end: what held them back?\v"
		       "policed    a meter: losses find one token bucket empty, "
		       "nothing "
		       "waited\n"
		       "shaped     a queue of its own at a flat rate: a shaper, or a "
		       "slow "
		       "line\n"
		       "congested  a queue that others fill as well\n"
		       "lossy      losses without a meter and without a queue\n"
		       "clean      none of these, in 1 MB at least\n"
		       "insufficient  fewer than 15 losses, or too short to be "
		       "clean\n\n"
		       "Transfers to one receiver are judged together: a meter on the "
		       "way "
		       "sees them all. A rate is that of IP packets. As JSON a file is "
		       "one "
		       "object.\n\n"
		       "For example:\n  tcpdump -i any -s 128 -w video.pcap tcp port "
		       "443\n"
		       "  faultline-analyzer flow video.pcap"};
	bool json = context->format == LISTING_JSON;
	struct options_files files = {0};
	struct listing *listing;
	int failed = 0;

	options_files(&files, &argp, argc, argv);
	listing_open(&listing, stdout, (enum listing_format)context->format,
		json ? json_columns : columns,
		json ? sizeof json_columns / sizeof json_columns[0] : COLUMNS);
	for (int i = 0; i < files.n; i++)
		failed += !judge_file(listing, files.paths[i], json);
	listing_close(listing);
	return failed ? 1 : 0;
}
