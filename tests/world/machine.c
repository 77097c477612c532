#include "tests/world/machine.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (INT64_C(86400) * SECOND_US)
#define YEAR_US (INT64_C(365) * DAY_US)
#define HOPELESS .02
/* Of machines without a clock of their own, so many start in 1970; others where the clock
 * was last written down, at most an hour before they went dark. */
#define FROM_1970 .3
#define HAS_CLOCK .15

static double
trait(const struct machine *m, uint64_t what)
{
	return chance_of(m->country->seed, 100 + what, m->at * 4 + m->life);
}

static void
open_key(struct machine *m)
{
	uint8_t seed[HASH_BYTES];

	crypto_sha256_2(seed, m->probe->key_seed, sizeof(m->probe->key_seed), &m->life,
		sizeof(m->life));
	if (crypto_key_open(&m->key, seed) != OK)
		bug("no page for a key");
	crypto_hex(m->epoch, crypto_key_public(m->key), PUBLIC_KEY_BYTES);
}

void
machine_start(struct machine *m, const struct country *country, size_t at,
	unsigned int life, int64_t joins_us)
{
	*m = (struct machine){.country = country,
		.probe = &country->probes[at],
		.at = at,
		.life = life,
		.leaves_us = INT64_MAX,
		.next_round_us = joins_us,
		.next_ship_us = INT64_MAX};
	m->chance.state = (uint64_t)(trait(m, 0) * 0x1p53);
	m->drift = (trait(m, 1) - .5) * 8e-5;
	m->hopeless = !m->probe->control && trait(m, 2) < HOPELESS;
	m->off_us =
		m->hopeless ? (int64_t)((trait(m, 3) * 12 - 9) * (double)YEAR_US) : 0;
	m->set = !m->hopeless;
	/* It was on before anybody enrolled it. */
	m->origin_us = joins_us;
	m->booted_us = joins_us - (int64_t)(trait(m, 4) * 20 * (double)DAY_US);
	m->last_full_us = m->last_speed_us = INT64_MIN / 2;
	open_key(m);
}

void
machine_stop(struct machine *m)
{
	crypto_key_close(m->key);
	for (size_t i = 0; i < m->parcels_n; i++)
		free(m->parcels[i].bytes);
	free(m->parcels);
	for (int i = 0; i < MACHINE_UPLINKS; i++)
		buf_free(&m->records[i].lines);
	m->key = NULL;
	m->parcels = NULL;
	m->parcels_n = m->parcels_cap = 0;
	m->next_round_us = m->next_ship_us = INT64_MAX;
}

/* What lay in memory is gone; what lies on the card stays. */
void
machine_boot(struct machine *m, int64_t now_us)
{
	int64_t dark_us = now_us - m->last_on_us;

	for (int i = 0; i < MACHINE_UPLINKS; i++) {
		buf_free(&m->records[i].lines);
		m->records[i] = (struct record){0};
	}
	m->boots++;
	m->round = 0;
	m->unclean = true;
	m->origin_us = now_us;
	m->booted_us = now_us - 40 * SECOND_US;
	m->failures = 0;
	m->shipping = false;
	if (m->hopeless || trait(m, 5) < HAS_CLOCK)
		return;
	m->set = false;
	m->off_us = trait(m, 6) < FROM_1970
			    ? -m->booted_us
			    : -dark_us - (int64_t)(chance_draw(&m->chance) * 3600 *
						   (double)SECOND_US);
}

int64_t
machine_t_us(const struct machine *m, int64_t now_us)
{
	int64_t us = now_us - m->origin_us;

	return us < 0 ? 0 : us + (int64_t)((double)us * m->drift);
}

int64_t
machine_off_us(const struct machine *m, int64_t now_us)
{
	if (!m->set)
		return m->off_us;
	/* What NTP leaves: some milliseconds, another one each hour. */
	return (int64_t)((chance_of(m->country->seed, m->at,
				  (uint64_t)(now_us / (3600 * SECOND_US))) -
				 .5) *
			 30000);
}

void
machine_set_clock(struct machine *m)
{
	if (m->set || m->hopeless)
		return;
	m->set = true;
	m->clock_steps++;
}

uint8_t
machine_network(const struct machine *m, int uplink)
{
	return uplink ? m->probe->second_network : m->probe->network;
}

bool
machine_take(struct parcel *parcel, struct machine *m)
{
	size_t at = 0;

	if (m->parcels_n == 0)
		return false;
	for (size_t i = m->parcels_n; i-- > 0;)
		if (m->parcels[i].transition) {
			at = i;
			break;
		}
	*parcel = m->parcels[at];
	m->parcels_n--;
	memmove(&m->parcels[at], &m->parcels[at + 1],
		(m->parcels_n - at) * sizeof(*m->parcels));
	return true;
}

void
machine_put_back(struct machine *m, const struct parcel *parcel)
{
	size_t at;

	if (m->parcels_n == m->parcels_cap) {
		m->parcels_cap = m->parcels_cap ? 2 * m->parcels_cap : 16;
		m->parcels = realloc(m->parcels, m->parcels_cap * sizeof(*m->parcels));
		if (!m->parcels)
			bug("no memory for %zu segments", m->parcels_cap);
	}
	for (at = m->parcels_n++; at > 0 && m->parcels[at - 1].seq > parcel->seq; at--)
		m->parcels[at] = m->parcels[at - 1];
	m->parcels[at] = *parcel;
}
