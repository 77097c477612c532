#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "probe/check.h"
#include "probe/doors/fetch.h"

#define CHUNK_US INT64_C(100000)
#define CHUNKS_MAX 100
#define BYTES_MAX ((size_t)2 * 1024 * 1024) /* more than any setting asks for */
#define VIEW_BYTES_MAX 4096
#define HTTP_OK 200
/* The climb waits for its transfer: what has not begun, or has stopped, by then will not
 * tell a rate. Two and three round trips of a slow 2G line lost are inside. */
#define CONNECT_LIMIT_S 8
#define STALL_LIMIT_S 8
/* What was seen so far is told so often: a transfer may be cut off at the deadline. */
#define TELL_US INT64_C(500000)

struct speed_run {
	struct attempt *attempt;
	int64_t first_us; /* when the first byte came */
	int64_t uploaded_bytes;
	struct buf view; /* of the other end */
	struct flow_looks looks;
	struct capture capture;
	uint32_t transfer_bytes; /* of the transfer's connection, when it was over */
	int64_t told_us; /* when what they show was written down last */
};

/* So many bytes more are known to have arrived, at the other end or here. Into the shared
 * page piece by piece: a transfer that is cut off at the deadline has told its rate. */
static void
speed_count(struct speed_run *run, int64_t bytes)
{
	struct measurement *m = &run->attempt->m;
	int64_t now_us = clock_boot_us(), chunk;

	if (!run->first_us) {
		run->first_us = now_us;
		SET(m, body_bytes, 0);
		m->has[FIELD_chunks] = true;
		m->chunks_n = 0;
	}
	m->body_bytes += bytes;
	SET(m, transfer_us, now_us - run->first_us);
	chunk = (now_us - run->first_us) / CHUNK_US;
	if (chunk >= CHUNKS_MAX)
		return;
	for (; m->chunks_n <= chunk; m->chunks_n++)
		m->chunks[m->chunks_n] = 0;
	m->chunks[chunk] += bytes;
}

static void
speed_tell_flow(struct speed_run *run)
{
	struct measurement *m = &run->attempt->m;

	capture_look(&run->capture);
	/* Packets tell more than counters, and never both at once. */
	if (!run->capture.seen)
		flow_note_looks(m, &run->looks);
	capture_note(m, &run->capture);
	run->told_us = clock_boot_us();
}

static void
speed_end_flow(struct speed_run *run)
{
	/* The packets of its beginning alone are not the transfer's. */
	if (!capture_end(&run->capture) && run->capture.seen) {
		run->capture.seen = false;
		flow_note_nothing(&run->attempt->m);
	}
	speed_tell_flow(run);
}

static void
speed_watch(void *arg, const struct fetch_facts *facts)
{
	struct speed_run *run = arg;

	check_step(run->attempt, facts->stage);
	fetch_note(&run->attempt->m, facts);
	if (facts->wire_bytes >= 0)
		run->attempt->bytes = (uint32_t)facts->wire_bytes;
	if (clock_boot_us() - run->told_us >= TELL_US)
		speed_tell_flow(run);
}

static void
speed_watch_down(void *arg, const struct fetch_facts *facts)
{
	struct speed_run *run = arg;

	speed_watch(run, facts);
	if (facts->receive_rtt_us >= 0)
		SET(&run->attempt->m, transfer_rtt_us, facts->receive_rtt_us);
}

static void
speed_take(void *arg, const void *bytes, size_t n)
{
	(void)bytes;
	speed_count(arg, (int64_t)n);
}

/* The sender's view of an upload is our own. */
static void
speed_watch_up(void *arg, const struct fetch_facts *facts)
{
	struct speed_run *run = arg;
	struct measurement *m = &run->attempt->m;
	const struct socket_tcp *tcp = &facts->tcp;

	speed_watch(run, facts);
	if (facts->uploaded_bytes <= run->uploaded_bytes)
		return;
	speed_count(run, facts->uploaded_bytes - run->uploaded_bytes);
	run->uploaded_bytes = facts->uploaded_bytes;
	SET(m, sndr_retrans, tcp->retrans);
	SET(m, sndr_segs_out, tcp->segs_out);
	SET(m, sndr_rtt_us, tcp->rtt_us);
	if (tcp->min_rtt_us > 0)
		SET(m, sndr_min_rtt_us, tcp->min_rtt_us);
	SET(m, sndr_bytes_sent, tcp->bytes_sent);
	SET(m, sndr_bytes_retrans, tcp->bytes_retrans);
}

static void
speed_take_view(void *arg, const void *bytes, size_t n)
{
	struct speed_run *run = arg;

	buf_add(&run->view, bytes, n);
}

/* The transfer's facts stand: of the second exchange only the counters are new, and they
 * begin anew with another connection. */
static void
speed_watch_view(void *arg, const struct fetch_facts *facts)
{
	struct speed_run *run = arg;

	if (facts->wire_bytes < 0)
		return;
	run->attempt->bytes = (uint32_t)facts->wire_bytes;
	if (facts->connect_us >= 0)
		run->attempt->bytes += run->transfer_bytes;
}

static const struct speed_fact {
	const char *name;
	enum field field;
	size_t offset;
	uint64_t max;
} speed_facts[] = {
#define FACT(name, max)                                                                \
	{                                                                              \
#name " ", FIELD_##name, offsetof(struct measurement, name), max       \
	}
	FACT(sndr_retrans, 1000000),
	FACT(sndr_segs_out, 1000000),
	FACT(sndr_rtt_us, 600000000),
	FACT(sndr_min_rtt_us, 600000000),
	FACT(sndr_bytes_sent, 1073741824),
	FACT(sndr_bytes_retrans, 1073741824),
	FACT(rcvr_bytes, 1073741824),
	FACT(rcvr_us, 600000000),
	FACT(rcvr_rtt_us, 600000000),
	FACT(rcvr_segs_in, 1000000),
};

/* The other end speaks of its own end alone: "sndr_" of a download, "rcvr_" of an upload. */
static void
speed_note_view(struct measurement *m, struct span text, const char *end)
{
	struct span line;

	while (span_line(&line, &text)) {
		for (size_t i = 0; i < sizeof(speed_facts) / sizeof(*speed_facts);
			i++) {
			const struct speed_fact *fact = &speed_facts[i];
			struct span value = line;
			uint64_t number;

			if (strncmp(fact->name, end, strlen(end)) != 0 ||
				!span_skip(&value, fact->name) ||
				!span_number(&number, value, fact->max))
				continue;
			m->has[fact->field] = true;
			memcpy((char *)m + fact->offset, &(int64_t){(int64_t)number},
				sizeof(int64_t));
		}
	}
}

static void
speed_end(struct speed_run *run, const struct fetch_facts *facts, enum outcome outcome)
{
	/* An analyzer that is closed or full measures nothing. */
	if (outcome == OUTCOME_ok && facts->status != HTTP_OK)
		check_unmeasured(run->attempt, REASON_no_endpoint);
	else
		check_end_with(run->attempt, outcome, facts->reason, facts->os_error);
}

static void
speed_down(struct speed_run *run, struct fetch_connection *connection,
	struct fetch_request *request)
{
	const struct job *job = &run->attempt->job;
	struct fetch_facts facts, view_facts;
	struct buf url = {0};
	enum outcome outcome;

	buf_printf(&url, "%s/v1/speed?bytes=%u", job->endpoint, job->bytes);
	request->method = "GET";
	request->url = url.data;
	request->max_answer = BYTES_MAX;
	outcome = fetch_measure(
		&facts, connection, request, speed_watch_down, speed_take, run);
	speed_watch_down(run, &facts);
	speed_end_flow(run);
	request->looks = NULL;
	request->capture = NULL;
	run->transfer_bytes = run->attempt->bytes;
	if (outcome == OUTCOME_ok && facts.status == HTTP_OK) {
		buf_clear(&url);
		buf_printf(&url, "%s/v1/speed?bytes=0", job->endpoint);
		request->url = url.data;
		request->max_answer = VIEW_BYTES_MAX;
		/* A view that does not come is a view less, not a failed transfer. */
		if (fetch_measure(&view_facts, connection, request, speed_watch_view,
			    speed_take_view, run) == OUTCOME_ok &&
			view_facts.status == HTTP_OK && view_facts.connect_us < 0)
			speed_note_view(
				&run->attempt->m, buf_span(&run->view), "sndr_");
	}
	buf_free(&url);
	speed_end(run, &facts, outcome);
}

static void
speed_up(struct speed_run *run, struct fetch_connection *connection,
	struct fetch_request *request)
{
	const struct job *job = &run->attempt->job;
	struct fetch_facts facts;
	struct buf url = {0};
	enum outcome outcome;
	uint32_t draw;

	buf_printf(&url, "%s/v1/speed", job->endpoint);
	request->method = "POST";
	request->url = url.data;
	request->upload_bytes = job->bytes;
	/* An even run of records of one length, always the same, would be known again. */
	crypto_random(&draw, sizeof(draw));
	request->record_bytes =
		FETCH_RECORD_LEAST_BYTES +
		draw % (FETCH_RECORD_MOST_BYTES - FETCH_RECORD_LEAST_BYTES + 1);
	request->max_answer = VIEW_BYTES_MAX;
	outcome = fetch_measure(
		&facts, connection, request, speed_watch_up, speed_take_view, run);
	speed_watch_up(run, &facts);
	speed_end_flow(run);
	if (outcome == OUTCOME_ok && facts.status == HTTP_OK)
		speed_note_view(&run->attempt->m, buf_span(&run->view), "rcvr_");
	buf_free(&url);
	speed_end(run, &facts, outcome);
}

void
check_speed(struct attempt *attempt)
{
	const struct inherited *inherited = attempt->job.inherited;
	struct speed_run run = {.attempt = attempt, .capture = {.fd = -1}};
	struct fetch_connection *connection = NULL;
	struct fetch_request request = {.pin = attempt->job.pin,
		.interface = attempt->job.bound ? attempt->job.uplink : "",
		.looks = &run.looks,
		.capture = &run.capture,
		.capture_way = inherited ? inherited->capture : NULL,
		.connect_limit_s = CONNECT_LIMIT_S,
		.stall_limit_s = STALL_LIMIT_S};

	check_step(attempt, STAGE_start);
	SET(&attempt->m, direction, attempt->job.direction);
	if (!attempt->job.endpoint[0] || !attempt->job.pin[0]) {
		check_unmeasured(attempt, REASON_no_endpoint);
		return;
	}
	if (fetch_open(&connection) != OK) {
		check_unmeasured(attempt, REASON_internal);
		return;
	}
	if (attempt->job.direction == DIRECTION_up)
		speed_up(&run, connection, &request);
	else
		speed_down(&run, connection, &request);
	fetch_close(connection);
	buf_free(&run.view);
}
