#include "probe/doors/progress.h"

#include "common/clock.h"
#include "probe/doors/socket.h"

/* Around the bytes of a record: its header, the type of its content, the tag (RFC 8446
 * section 5.2). */
#define RECORD_EXTRA_BYTES (5 + 1 + 16)

/* What the other end has of the body, as its kernel tells ours: what curl was rid of would
 * be the depth of our own buffer. */
static int64_t
progress_uploaded(const struct progress *p, const struct socket_tcp *tcp)
{
	int64_t sealed = tcp->bytes_acked - p->given_bytes;
	int64_t bytes =
		sealed * p->record_bytes / (p->record_bytes + RECORD_EXTRA_BYTES);

	if (!p->request_us || bytes < 0)
		return 0;
	return bytes < p->upload_bytes ? bytes : p->upload_bytes;
}

static void
progress_sample(struct progress *p, const struct socket_tcp *tcp, bool first)
{
	enum flow_end end = p->upload_bytes ? FLOW_AT_SENDER : FLOW_AT_RECEIVER;
	struct flow_look look;

	if (!p->looks || !p->request_us)
		return;
	socket_look(&look, tcp, end, clock_boot_us());
	if (first)
		flow_looks_start(p->looks, end, tcp->head_bytes, &look);
	else
		flow_looks_add(p->looks, &look);
}

void
progress_look(struct progress *p)
{
	struct socket_tcp tcp;

	if (!p->facts || p->fd < 0 || !socket_read_tcp(&tcp, p->fd))
		return;
	p->facts->wire_bytes = tcp.wire_bytes;
	p->facts->retrans = tcp.retrans;
	if (p->facts->stage == STAGE_body && tcp.receive_rtt_us > 0)
		p->facts->receive_rtt_us = tcp.receive_rtt_us;
	if (!p->request_us && tcp.rtt_us > 0)
		p->facts->rtt_us = tcp.rtt_us;
	p->facts->tcp = tcp;
	progress_sample(p, &tcp, false);
	if (p->upload_bytes)
		p->facts->uploaded_bytes = progress_uploaded(p, &tcp);
}

void
progress_tell(struct progress *p)
{
	if (!p->facts)
		return;
	progress_look(p);
	if (p->watch)
		p->watch(p->arg, p->facts);
}

void
progress_step(struct progress *p, enum stage stage)
{
	if (!p->facts || p->facts->stage >= stage)
		return;
	progress_look(p); /* what belongs to the step before */
	p->facts->stage = stage;
	progress_tell(p);
}

void
progress_requested(struct progress *p)
{
	struct socket_tcp tcp;

	progress_look(p); /* the round trip before the request */
	p->request_us = clock_boot_us();
	if (p->fd >= 0 && socket_read_tcp(&tcp, p->fd)) {
		progress_sample(p, &tcp, true);
		p->given_bytes = tcp.bytes_given;
	}
	if (!p->upload_bytes)
		progress_step(p, STAGE_first_byte);
}

void
progress_gave(struct progress *p, int64_t bytes)
{
	if (!p->upload_bytes || bytes < p->upload_bytes || !p->facts ||
		p->facts->stage >= STAGE_first_byte)
		return;
	p->request_us = clock_boot_us();
	progress_step(p, STAGE_first_byte);
}

void
progress_connected(struct progress *p)
{
	if (p->facts && p->facts->connect_us < 0 && p->socket_us)
		p->facts->connect_us = clock_boot_us() - p->socket_us;
}
