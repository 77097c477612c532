#include "analyzer/analysis/downgrade.h"

#define LEAST_TARGETS 3
#define LATER_TIMES 2
#define MUCH_LATER_TIMES 5
/* The rate falls further, from LTE twentyfold and more: this is what is left of it where
 * 3G was the best there was, on transfers too small to tell the fastest lines apart. */
#define RATE_FALLS_UNDER 3
#define RATE_MOST_BPS 384000

void
downgrade_add_target(
	struct downgrade_place *place, int64_t rtt_us, int64_t usual_rtt_us)
{
	bool later = rtt_us - usual_rtt_us >= DOWNGRADE_LATER_US;

	if (rtt_us <= 0 || usual_rtt_us <= 0)
		return;
	place->known++;
	place->later += later && rtt_us / LATER_TIMES >= usual_rtt_us;
	place->much_later += later && rtt_us / MUCH_LATER_TIMES >= usual_rtt_us;
}

void
downgrade_add_test(struct downgrade *fall, int64_t train_bytes, int64_t loss_ppm)
{
	bool narrow = train_bytes <= DOWNGRADE_TRAIN_BYTES;
	bool unclear = !narrow && loss_ppm > 0 && loss_ppm < DOWNGRADE_LOSS_PPM;

	fall->tests++;
	if (train_bytes <= 0)
		return;
	fall->unclear += unclear;
	fall->trains += !unclear;
	fall->narrow += narrow && loss_ppm < DOWNGRADE_LOSS_PPM;
}

static bool
most_of(uint32_t n, uint32_t of)
{
	return of == 0 || n * 2 > of;
}

bool
downgrade_is_2g(const struct downgrade *r)
{
	if (r->home.known + r->abroad.known < LEAST_TARGETS || !r->tests)
		return false;
	/* How wide the line is decides; where that is not known, only what nothing but a
	 * radio does to round trips. */
	if (!r->trains && !r->unclear)
		return most_of(r->home.much_later, r->home.known) &&
		       most_of(r->abroad.much_later, r->abroad.known);
	return most_of(r->home.later, r->home.known) &&
	       most_of(r->abroad.later, r->abroad.known) && r->narrow &&
	       r->narrow * 3 >= r->trains * 2 && r->rate_bps > 0 &&
	       r->rate_bps <= RATE_MOST_BPS &&
	       r->rate_bps <= r->usual_bps / RATE_FALLS_UNDER;
}
