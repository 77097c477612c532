#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "probe/doors/resolve.h"

#define LENGTH_BYTES 2

static bool
resolve_receive(uint8_t *out, struct stream *stream, size_t n)
{
	size_t have = 0, more;

	while (have < n && (more = stream->receive(stream, out + have, n - have)))
		have += more;
	return have == n;
}

bool
resolve_exchange(struct buf *answer, struct stream *stream, struct span message)
{
	uint8_t length[LENGTH_BYTES] = {
		(uint8_t)(message.len >> 8), (uint8_t)message.len};
	uint8_t bytes[RESOLVE_MESSAGE_BYTES];
	struct buf out = {0};
	bool sent;
	size_t n;

	buf_clear(answer);
	buf_add(&out, length, sizeof(length));
	buf_add(&out, message.at, message.len);
	/* In one piece: some servers close on a length that comes alone. */
	sent = stream->send(stream, out.data, out.len);
	buf_free(&out);
	if (!sent || !resolve_receive(length, stream, sizeof(length)))
		return false;
	n = (size_t)(length[0] << 8 | length[1]);
	if (n > sizeof(bytes)) {
		stream->outcome = OUTCOME_dns_malformed;
		return false;
	}
	if (!resolve_receive(bytes, stream, n))
		return false;
	buf_add(answer, bytes, n);
	return true;
}

static void
resolve_tell(struct resolve_result *result, const struct resolve_plan *plan,
	enum stage stage)
{
	result->stage = stage;
	if (plan->watch)
		plan->watch(plan->arg, result);
}

static void
resolve_judge(struct resolve_result *result, struct span message, uint16_t id,
	const struct resolve_question *question)
{
	struct resolve_answer answer;

	result->outcome = OUTCOME_dns_malformed;
	if (resolve_read(&answer, message.at, message.len, id, question) !=
		RESOLVE_ANSWERED)
		return;
	result->answer = answer;
	result->answered = true;
	result->outcome = resolve_outcome(&answer);
}

void
resolve_talk(struct resolve_result *result, struct stream *stream,
	const struct resolve_plan *plan)
{
	struct buf question = {0}, message = {0};
	int64_t sent_us;
	uint16_t id;

	resolve_tell(result, plan, STAGE_send);
	crypto_random(&id, sizeof(id));
	if (!resolve_write(&question, id, &plan->question)) {
		result->outcome = OUTCOME_unmeasured;
		result->reason = REASON_no_endpoint;
		goto done;
	}
	resolve_tell(result, plan, STAGE_reply);
	sent_us = clock_boot_us();
	if (resolve_exchange(&message, stream, buf_span(&question))) {
		result->rtt_us = clock_boot_us() - sent_us;
		resolve_judge(result, buf_span(&message), id, &plan->question);
	} else {
		result->outcome = stream->outcome;
		result->os_error = stream->os_error;
	}
	resolve_tell(result, plan, STAGE_reply);
	if (result->answered && plan->then)
		plan->then(plan->arg, stream);
done:
	buf_free(&question);
	buf_free(&message);
}

static void
resolve_count(struct resolve_result *result, int fd)
{
	struct socket_tcp tcp;

	if (!socket_read_tcp(&tcp, fd))
		return;
	/* The counters of a connection that was refused are gone: the estimate stays. */
	if (tcp.wire_bytes > 0)
		result->wire_bytes = tcp.wire_bytes;
	result->retrans = tcp.retrans;
}

void
resolve_ask_tcp(struct resolve_result *result, const union socket_address *server,
	const struct resolve_plan *plan)
{
	int64_t start_us = clock_boot_us();
	struct stream stream;
	int fd, error;

	*result = resolve_nothing(STAGE_connect);
	resolve_tell(result, plan, STAGE_connect);
	error = stream_connect(&fd, server, start_us + plan->wait_us);
	if (fd >= 0)
		result->wire_bytes = stream_syn_bytes(server);
	if (!error) {
		result->connect_us = clock_boot_us() - start_us;
		stream = stream_plain(fd, start_us + plan->wait_us);
		resolve_talk(result, &stream, plan);
		resolve_count(result, fd);
		result->wire_bytes += STREAM_GOODBYE_BYTES;
	} else if (error > 0) {
		result->os_error = error;
		result->outcome = socket_outcome(error);
		result->reason = socket_reason(error);
	}
	if (fd >= 0)
		close(fd);
}
