#include "common/clock.h"
#include "probe/doors/handshake_session.h"

static bool
handshake_stream_send(struct stream *stream, const void *bytes, size_t n)
{
	return handshake_write(stream->arg, bytes, n, stream->until_us,
		&stream->outcome, &stream->os_error);
}

static size_t
handshake_stream_receive(struct stream *stream, void *bytes, size_t room)
{
	enum outcome outcome = OUTCOME_eof_error;
	int n;

	while (!(n = handshake_read(
			 stream->arg, bytes, room, &outcome, &stream->os_error))) {
		if (clock_boot_us() >= stream->until_us) {
			stream->outcome = OUTCOME_generic_timeout_error;
			return 0;
		}
		handshake_await(stream->arg, stream->until_us);
	}
	if (n > 0)
		return (size_t)n;
	stream->outcome = outcome;
	return 0;
}

struct stream
handshake_stream(struct handshake_session *session, int64_t until_us)
{
	return (struct stream){.send = handshake_stream_send,
		.receive = handshake_stream_receive,
		.arg = session,
		.fd = -1,
		.until_us = until_us,
		.outcome = OUTCOME_eof_error};
}
