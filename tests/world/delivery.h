#pragma once

#include "tests/world/machine.h"
#include "tests/world/pace.h"

/*
 * The machines of a whole country in the order of time: rounds, sealing, and delivery as far
 * as the weather lets it through. What cannot be delivered is kept and comes later.
 */
struct delivery {
	const struct country *country;
	const struct story *story;
	const struct pace *pace;
	const struct targets *targets; /* the list in force */
	const char *key_name; /* of the analyzer, which signs where notes */
	const struct crypto_key *key;
	bool no_power,
		no_control; /* leave out what machines say of power; those abroad */
	bool hollow; /* everything happens, and segments are delivered empty */
	/* What comes of it; received times never fall. */
	void *arg;
	void (*enrolled)(void *arg, const struct machine *m, int64_t utc_us);
	void (*measured)(void *arg, const struct machine *m, int uplink, int64_t utc_us,
		const struct measurement *lines, size_t n);
	void (*arrived)(void *arg, int64_t received_us, struct span segment);
};
void delivery_run(const struct delivery *d);
