#include "probe/doors/arrival.h"

#include <string.h>

/* Looks are the machine's own wake-ups: nothing shorter than this is told apart. */
#define LEAST_US 1000
#define RATE_MAX_BPS INT64_C(10000000000) /* the schema's */

void
arrival_start(struct arrival *a, int64_t now_us, int64_t bytes)
{
	*a = (struct arrival){.asked_us = now_us,
		.before_bytes = bytes,
		.apart_us = LEAST_US,
		.last_us = now_us,
		.last_bytes = bytes};
}

/* Every second one goes, and from now on they are twice as far apart. */
static void
arrival_thin(struct arrival *a)
{
	for (size_t i = 0; i < ARRIVAL_LOOKS / 2; i++) {
		a->at_us[i] = a->at_us[2 * i];
		a->bytes[i] = a->bytes[2 * i];
	}
	a->n = ARRIVAL_LOOKS / 2;
	a->apart_us *= 2;
}

void
arrival_look(struct arrival *a, int64_t now_us, int64_t bytes)
{
	if (bytes <= a->last_bytes)
		return;
	a->last_us = now_us;
	a->last_bytes = bytes;
	if (a->n && now_us - a->at_us[a->n - 1] < a->apart_us)
		return;
	if (a->n == ARRIVAL_LOOKS)
		arrival_thin(a);
	a->at_us[a->n] = now_us;
	a->bytes[a->n++] = bytes;
}

static int64_t
rate_bps(int64_t bytes, int64_t us)
{
	int64_t rate = bytes * 8000000 / (us > LEAST_US ? us : LEAST_US);

	return rate < RATE_MAX_BPS ? rate : RATE_MAX_BPS;
}

int64_t
arrival_rate_bps(const struct arrival *a, int64_t end_us)
{
	int64_t middle_us, bytes = a->before_bytes;

	if (!a->n)
		return 0;
	/* All at once: then there are no halves. */
	if (end_us - a->at_us[0] < 2 * LEAST_US)
		return rate_bps(a->last_bytes - a->before_bytes, end_us - a->asked_us);
	middle_us = a->at_us[0] + (end_us - a->at_us[0]) / 2;
	for (size_t i = 0; i < a->n && a->at_us[i] <= middle_us; i++)
		bytes = a->bytes[i];
	return rate_bps(a->last_bytes - bytes, end_us - middle_us);
}
