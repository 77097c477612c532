#include "probe/doors/progress.h"

#include "common/clock.h"
#include "probe/doors/socket.h"

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
	if (p->facts->stage < STAGE_first_byte && tcp.rtt_us > 0)
		p->facts->rtt_us = tcp.rtt_us;
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
progress_connected(struct progress *p)
{
	if (p->facts && p->facts->connect_us < 0 && p->socket_us)
		p->facts->connect_us = clock_boot_us() - p->socket_us;
}
