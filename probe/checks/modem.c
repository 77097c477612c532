#include "probe/check.h"

#include "probe/doors/modem.h"
#include "probe/doors/route.h"

/* For each answer of the bus, which is this machine's own; three of them fit under the
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

/* Has this machine a way out that is not this modem's? Then nobody asked the modem to carry
 * anything, and that it does not is no trouble. */
static bool
goes_another_way(const struct modem *modem, const struct route *route)
{
	struct route_link link = route_link(route->interface);

	return !modem->of_uplink && route->interface[0] && link.carrier &&
	       link.addr4 + link.addr6 > 0;
}

static void
end(struct attempt *attempt, const struct modem *modem, const struct route *route)
{
	bool in_network = modem->registration == REGISTRATION_home ||
			  modem->registration == REGISTRATION_roaming;

	if (modem->carries || goes_another_way(modem, route)) {
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
	struct route route = {0};
	struct modem modem;
	int error = 0, same;

	check_step(attempt, STAGE_read);
	route_default(&route, attempt->job.uplink);
	if (!modem_read(&modem, &reason, &error, route.interface, ANSWER_US)) {
		check_end_with(attempt, OUTCOME_unmeasured, reason, error);
		return;
	}
	tell(&attempt->m, &modem);
	same = modem_same_cell(attempt->memory, &modem);
	if (same >= 0)
		SET(&attempt->m, cell_changed, !same);
	end(attempt, &modem, &route);
}
