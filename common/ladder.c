#include "common/ladder.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Did any router behind the first one answer? Whoever refuses a packet that goes on stands
 * there twice, once for the TTL that ran out: the first one alone, where nobody else does. */
static bool
heard_beyond_the_first(const char *hops)
{
	const char *rest = strchr(hops, ' ');
	size_t first = rest ? (size_t)(rest - hops) : 0;

	if (!rest || (!strncmp(hops, rest + 1, first) && rest[1 + first] == '\0'))
		return false;
	return rest[strspn(rest, " *")] != '\0';
}

int
measurement_success(const struct measurement *m)
{
	if (!m->has[FIELD_outcome] || m->outcome == OUTCOME_unmeasured ||
		m->has[FIELD_decoy])
		return -1;
	/* Rarely asked, and of signatures: whether names are answered is told each time. And
	 * where it is looked for who minds a name, that somebody does was told before. */
	if (m->has[FIELD_check] &&
		(m->check == CHECK_dnssec || m->check == CHECK_locate))
		return -1;
	if (m->has[FIELD_check] && m->check == CHECK_trace)
		return m->outcome == OUTCOME_ok ||
				       (m->has[FIELD_hops] &&
					       heard_beyond_the_first(m->hops))
			       ? 1
			       : -1;
	if (m->outcome == OUTCOME_ttl_exceeded)
		return m->has[FIELD_ttl];
	return m->outcome == OUTCOME_ok;
}

enum rung
ladder_second(enum check check)
{
	if (check == CHECK_tcp || check == CHECK_tls || check == CHECK_quic)
		return RUNG_transport;
	if (check == CHECK_http)
		return RUNG_service;
	if (check == CHECK_dns)
		return RUNG_names;
	if (check == CHECK_speed)
		return RUNG_quality;
	return RUNG_COUNT;
}

static void
count(struct ladder *ladder, enum rung rung, int success)
{
	ladder->rung[rung].tried++;
	ladder->rung[rung].succeeded += (uint16_t)success;
}

static enum rung_state
judge(unsigned int tried, unsigned int succeeded)
{
	if (!tried)
		return RUNG_UNMEASURED;
	if (!succeeded)
		return RUNG_DOWN;
	return 2 * succeeded > tried ? RUNG_UP : RUNG_PARTIAL;
}

int64_t
ladder_uplink(const struct measurement *m)
{
	return m->has[FIELD_uplink] ? m->uplink : 0;
}

void
ladder_climb(struct ladder *ladder, const struct measurement *ms, size_t n)
{
	ladder_climb_over(ladder, ms, n, 0);
}

void
ladder_climb_over(
	struct ladder *ladder, const struct measurement *ms, size_t n, int64_t uplink)
{
	memset(ladder, 0, sizeof *ladder);
	for (size_t i = 0; i < n; i++) {
		int success = measurement_success(&ms[i]);
		enum rung second = ms[i].has[FIELD_check]
					   ? ladder_second((enum check)ms[i].check)
					   : RUNG_COUNT;
		int64_t own = ms[i].has[FIELD_rung] ? ms[i].rung : RUNG_COUNT;

		if (success < 0 || ladder_uplink(&ms[i]) != uplink)
			continue;
		if (own >= 0 && own < RUNG_COUNT)
			count(ladder, (enum rung)own, success);
		if (second != RUNG_COUNT && (int64_t)second != own)
			count(ladder, second, success);
	}
	ladder->breaks_at = RUNG_COUNT;
	for (int i = RUNG_COUNT - 1; i >= 0; i--) {
		ladder->rung[i].state =
			judge(ladder->rung[i].tried, ladder->rung[i].succeeded);
		if (ladder->rung[i].state == RUNG_DOWN)
			ladder->breaks_at = (enum rung)i;
	}
}

const char *
rung_state_name(enum rung_state state)
{
	switch (state) {
	case RUNG_UNMEASURED:
		return "unmeasured";
	case RUNG_UP:
		return "up";
	case RUNG_PARTIAL:
		return "partial";
	case RUNG_DOWN:
		return "down";
	}
	return NULL;
}

static bool
reached(const struct ladder *ladder, enum rung rung)
{
	enum rung_state state = ladder->rung[rung].state;

	return state == RUNG_UP || state == RUNG_PARTIAL;
}

static bool
down(const struct ladder *ladder, enum rung rung)
{
	return ladder->rung[rung].state == RUNG_DOWN;
}

/* The world outside answers: a silent rung below it is a shy router, no break. */
static const char *
sentence_reached(const struct ladder *ladder)
{
	if (down(ladder, RUNG_names))
		return "It is not your line: hosts abroad answer, but no name is.";
	if (down(ladder, RUNG_transport))
		return "It is not your line: hosts abroad answer, but no connection to "
		       "them succeeds.";
	if (down(ladder, RUNG_service))
		return "It is not your line: hosts abroad answer, but no page arrives.";
	if (down(ladder, RUNG_domestic))
		return "It is not your line: hosts abroad answer, hosts inside the "
		       "country "
		       "do not.";
	if (down(ladder, RUNG_quality))
		return "Everything answers, but no transfer gets through.";
	for (size_t i = RUNG_domestic; i < RUNG_COUNT; i++)
		if (ladder->rung[i].state == RUNG_PARTIAL)
			return "It is not your line: most answers arrive, some do not.";
	return "Nothing is wrong: every rung that was tried answers.";
}

/* Nothing abroad answers: how far out does something? */
static const char *
sentence_cut(const struct ladder *ladder)
{
	if (reached(ladder, RUNG_domestic))
		return "It is not you: hosts inside the country answer, hosts outside "
		       "it "
		       "do not.";
	if (reached(ladder, RUNG_access))
		return "It is not your line: your access network answers, nothing "
		       "beyond "
		       "it does.";
	if (reached(ladder, RUNG_router))
		return "Your router answers, nothing beyond it does: your line or your "
		       "operator is cut off.";
	if (down(ladder, RUNG_router))
		return "It is probably here: your router does not answer, and nothing "
		       "beyond it does.";
	return "Nothing beyond this machine answers.";
}

const char *
ladder_sentence(const struct ladder *ladder)
{
	if (down(ladder, RUNG_link))
		return "It is here: this machine has no link. Look at the cable, the "
		       "Wi-Fi "
		       "or the SIM.";
	if (reached(ladder, RUNG_international) || reached(ladder, RUNG_core))
		return sentence_reached(ladder);
	for (int i = RUNG_router; i < RUNG_COUNT; i++)
		if (down(ladder, (enum rung)i))
			return sentence_cut(ladder);
	for (int i = RUNG_router; i < RUNG_COUNT; i++)
		if (reached(ladder, (enum rung)i))
			return "What was tried answers, but nothing abroad was tried.";
	return "Nothing was tried beyond this machine: this round cannot tell.";
}
