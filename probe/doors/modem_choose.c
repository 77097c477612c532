#include "probe/doors/modem_objects.h"

#include <string.h>

/* MMModemState: from here on it is switched on and its SIM is unlocked. */
#define STATE_ENABLED 6
/* MMModemAccessTechnology */
#define ANY_2G (2 | 4 | 8 | 16)
#define ANY_3G (32 | 64 | 128 | 256 | 512)
#define LTE 16384
#define NR 32768

/* The next bearer of this modem after ${bearer}, from NULL on. */
static const struct modem_object *
next_bearer(const struct modem_objects *objects, const struct modem_object *modem,
	const struct modem_object *bearer)
{
	size_t i = bearer ? (size_t)(bearer - objects->bearers) + 1 : 0;

	for (; i < objects->n_bearers; i++)
		for (size_t k = 0; k < modem->n_bearers; k++)
			if (!strcmp(objects->bearers[i].path, modem->bearers[k]))
				return &objects->bearers[i];
	return NULL;
}

static bool
carries(const struct modem_object *bearer)
{
	return bearer->connected == 1 && bearer->suspended != 1;
}

/* MMModem3gppRegistrationState. Whoever may make emergency calls alone, or is in for SMS, is
 * named by the nearest of ours: no network has taken it in, or one has. */
static enum registration
registration_of(int64_t state)
{
	switch (state) {
	case 0: /* idle */
	case 8: /* emergency only */
	case 11: /* restricted local services */
		return REGISTRATION_idle;
	case 1: /* home */
	case 6: /* home, SMS only */
	case 9: /* home, CSFB not preferred */
		return REGISTRATION_home;
	case 2:
		return REGISTRATION_searching;
	case 3:
		return REGISTRATION_denied;
	case 5: /* roaming */
	case 7: /* roaming, SMS only */
	case 10: /* roaming, CSFB not preferred */
		return REGISTRATION_roaming;
	default:
		return REGISTRATION_unknown;
	}
}

static bool
in_network(const struct modem_object *modem)
{
	enum registration registration = registration_of(modem->registration);

	return registration == REGISTRATION_home ||
	       registration == REGISTRATION_roaming;
}

/* How well a modem fits what was asked for: the larger the better. */
static int
rank(const struct modem_objects *objects, const struct modem_object *modem)
{
	int rank = in_network(modem);

	for (const struct modem_object *b = next_bearer(objects, modem, NULL); b;
		b = next_bearer(objects, modem, b)) {
		if (carries(b) && rank < 2)
			rank = 2;
		if (carries(b) && b->interface[0] &&
			!strcmp(b->interface, objects->uplink))
			return 4;
	}
	return modem->has_uplink ? 3 : rank;
}

static int
dbm_of(const struct modem_object *modem)
{
	int64_t tech = modem->access_tech < 0 ? 0 : modem->access_tech;

	if (tech & LTE)
		return modem->dbm[MODEM_LTE];
	if (tech & NR)
		return modem->dbm[MODEM_NR];
	if (tech & ANY_3G)
		return modem->dbm[MODEM_UMTS];
	return tech & ANY_2G ? modem->dbm[MODEM_GSM] : MODEM_DBM_UNKNOWN;
}

static bool
is_plmn(const char *text)
{
	size_t n = strlen(text);

	return n >= 5 && n <= 6 && strspn(text, "0123456789") == n;
}

/* What kept it out of the network, or where it is in one, its bearers down. */
static int64_t
cause_of(const struct modem_objects *objects, const struct modem_object *modem)
{
	int64_t cause = in_network(modem) ? 0 : modem->rejection;

	for (const struct modem_object *b = next_bearer(objects, modem, NULL);
		b && cause == 0; b = next_bearer(objects, modem, b))
		cause = modem_cause(b->error);
	return cause;
}

static void
say(struct modem *to, const struct modem_objects *objects,
	const struct modem_object *modem)
{
	*to = (struct modem){.access_tech = modem->access_tech,
		.signal_percent = modem->percent,
		.signal_dbm = dbm_of(modem),
		.registration = registration_of(modem->registration),
		.ready = modem->state >= STATE_ENABLED,
		.signal_idle = modem->rate == 0 && modem->threshold == 0,
		.of_uplink = rank(objects, modem) >= 3,
		.voice = -1};
	for (const struct modem_object *b = next_bearer(objects, modem, NULL); b;
		b = next_bearer(objects, modem, b))
		to->carries |= carries(b);
	if (is_plmn(modem->plmn))
		memcpy(to->plmn, modem->plmn, strlen(modem->plmn) + 1);
	if (!to->carries)
		to->reject_cause = cause_of(objects, modem);
	if (modem->has_voice)
		to->voice = in_network(modem) && modem->registration != 6 &&
			    modem->registration != 7 && modem->emergency_only != 1;
	memcpy(to->path, modem->path, sizeof(to->path));
}

bool
modem_choose(struct modem *modem, const struct modem_objects *objects)
{
	const struct modem_object *best = NULL;

	for (size_t i = 0; i < objects->n_modems; i++) {
		const struct modem_object *one = &objects->modems[i];
		int better = best ? rank(objects, one) - rank(objects, best) : 1;

		/* The bus has them in no order. */
		if (better > 0 || (better == 0 && strcmp(one->path, best->path) < 0))
			best = one;
	}
	if (best)
		say(modem, objects, best);
	return best != NULL;
}
