#include <string.h>

#include "common/log.h"
#include "probe/doors/resolve.h"

static void
resolve_note_hash(struct measurement *m, enum field field, const char *hash)
{
	if (hash[0] && measurement_set_text(m, field, hash) != OK)
		bug("a hash of %zu digits", strlen(hash));
}

static void
resolve_note_others(struct measurement *m, const struct resolve_result *r)
{
	SET(m, replies, r->replies);
	if (r->other_after_us < 0)
		return;
	SET(m, other_after_us, r->other_after_us);
	if (r->other_ttl >= 0)
		SET(m, other_ttl, r->other_ttl);
	resolve_note_hash(m, FIELD_other_sha256, r->other_sha256);
}

void
resolve_note_end(struct measurement *m, const struct resolve_result *r)
{
	if (r->icmp_type >= 0 && !r->answered) {
		SET(m, icmp_type, r->icmp_type);
		SET(m, icmp_code, r->icmp_code);
	}
	if (!r->answered)
		return;
	SET(m, rcode, r->answer.rcode);
	SET(m, answers, r->answer.answers);
	SET(m, rtt_us, r->rtt_us);
	if (r->reply_ttl >= 0)
		SET(m, reply_ttl, r->reply_ttl);
}

void
resolve_note(struct measurement *m, const struct resolve_result *r)
{
	if (r->connect_us >= 0)
		SET(m, connect_us, r->connect_us);
	if (r->retrans >= 0)
		SET(m, retrans, r->retrans);
	resolve_note_end(m, r);
	if (!r->answered)
		return;
	resolve_note_hash(m, FIELD_answer_sha256, r->answer.sha256);
	if (r->replies)
		resolve_note_others(m, r);
}
