#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Has a line gone back to 2G? Told without a modem, from round trips and small transfers of
 * one probe: a radio of the second generation is late and narrow on every destination alike
 * (Grigorik, High Performance Browser Networking, table 7-2: 300 to 1,000 ms). A meter
 * leaves round trips as they were; a satellite is late and wide; a crowded cell is late and
 * slow, but what a server sends first still arrives at its full width, as a train whose
 * length tells the width of the narrowest link (Dovrolis et al., INFOCOM 2001). Pure.
 */
struct downgrade_place { /* targets at home, or abroad */
	uint32_t known; /* whose round trip is known, from now and from before */
	uint32_t later; /* of them: twice as late or more, and by DOWNGRADE_LATER_US */
	uint32_t much_later; /* of them: five times as late */
};
struct downgrade {
	struct downgrade_place home, abroad;
	uint32_t tests; /* transfers */
	uint32_t trains; /* of them, of which it is known how wide they began */
	uint32_t narrow; /* of these: those that began no wider than 2G carries */
	uint32_t
		unclear; /* others whose beginning may have waited for a lost segment */
	int64_t rate_bps, usual_bps; /* median of them; before. 0 unknown */
};
#define DOWNGRADE_LATER_US 150000
/* What arrives in the first 100 ms. EGPRS carries 59.2 kbit/s in each of eight slots at
 * most (3GPP TS 43.064): 5.9 kB. */
#define DOWNGRADE_TRAIN_BYTES 6000

/* One more target; round trips are the smallest ones, 0 unknown. */
void downgrade_add_target(
	struct downgrade_place *place, int64_t rtt_us, int64_t usual_rtt_us);
/* One more transfer; train_bytes 0: how it began was not recorded. loss_ppm: of what was
 * sent, what was sent again. Where a tenth was lost a full queue has cut the train, and not
 * the width of the line; where less was, one lost segment may have held up all behind it. */
void downgrade_add_test(struct downgrade *fall, int64_t train_bytes, int64_t loss_ppm);
#define DOWNGRADE_LOSS_PPM 100000
/* Needs three targets and a transfer. */
bool downgrade_is_2g(const struct downgrade *fall);
