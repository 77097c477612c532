#include <string.h>

#include "probe/check.h"
#include "probe/doors/modem.h"
#include "probe/doors/route.h"
#include "probe/doors/way.h"

#define WAYS_MAX 4

/* For each answer of the bus, which is this machine's own; the four of them fit under the
 * deadline, for a check that is ended there would look like a network that is silent. */
#define ANSWER_US INT64_C(1000000)

static void
tell(struct measurement *m, const struct modem *modem)
{
	if (modem->access_tech >= 0)
		SET(m, access_tech, modem->access_tech);
	if (modem->signal_percent >= 0)
		SET(m, signal_percent, modem->signal_percent);
	if (modem->signal_dbm <= 0)
		SET(m, signal_dbm, modem->signal_dbm);
	SET(m, registration, modem->registration);
	if (modem->plmn[0] && measurement_set_text(m, FIELD_plmn, modem->plmn) != OK)
		m->has[FIELD_plmn] = false;
	SET(m, bearer, modem->carries);
	if (modem->reject_cause > 0)
		SET(m, reject_cause, modem->reject_cause);
	if (modem->voice >= 0)
		SET(m, voice, modem->voice);
}

static bool
works(const char *interface)
{
	struct route_link link = route_link(interface);
	struct route route;

	return interface[0] && route_default(&route, interface) && link.carrier &&
	       link.addr4 + link.addr6 > 0;
}

/* The line that is asked for, else the first way out that works and is no tunnel, else the
 * preferred one; "": there is none. Tells whether it works. */
static bool
find_line(char line[static IF_NAMESIZE], const struct job *job)
{
	char names[WAYS_MAX][IF_NAMESIZE] = {{0}};
	size_t n = 1;

	if (job->uplink[0])
		memcpy(names[0], job->uplink, sizeof(job->uplink));
	else
		n = way_uplinks(names, WAYS_MAX);
	for (size_t i = 0; i < n; i++)
		if (works(names[i])) {
			memcpy(line, names[i], IF_NAMESIZE);
			return true;
		}
	memcpy(line, names[0], IF_NAMESIZE);
	return false;
}

static void
end(struct attempt *attempt, const struct modem *modem, bool line_works)
{
	bool in_network = modem->registration == REGISTRATION_home ||
			  modem->registration == REGISTRATION_roaming;

	/* Whoever has a way out that is not this modem's asked it to carry nothing, and that it
	 * does not is no trouble. */
	if (modem->carries || (line_works && !modem->of_uplink)) {
		check_end(attempt, OUTCOME_ok);
		return;
	}
	if (!modem->ready) {
		check_end(attempt, OUTCOME_link_down);
		return;
	}
	check_step(attempt, in_network ? STAGE_bearer : STAGE_register);
	if (modem->registration == REGISTRATION_denied)
		check_end(attempt, OUTCOME_registration_denied);
	else if (in_network && modem->reject_cause > 0)
		check_end(attempt, OUTCOME_bearer_rejected);
	else
		check_end(attempt, OUTCOME_link_down);
}

void
check_modem(struct attempt *attempt)
{
	enum reason reason = REASON_none;
	char line[IF_NAMESIZE];
	struct modem modem;
	int error = 0, same;
	bool line_works;

	check_step(attempt, STAGE_read);
	line_works = find_line(line, &attempt->job);
	if (!modem_read(&modem, &reason, &error, line, ANSWER_US)) {
		check_end_with(attempt, OUTCOME_unmeasured, reason, error);
		return;
	}
	tell(&attempt->m, &modem);
	same = modem_same_cell(attempt->memory, &modem);
	if (same >= 0)
		SET(&attempt->m, cell_changed, !same);
	end(attempt, &modem, line_works);
}
