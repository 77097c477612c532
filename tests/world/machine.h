#pragma once

#include "common/crypto.h"
#include "common/ladder.h"
#include "tests/world/round.h"

/*
 * The machine of one probe: its clocks, what it has not sealed yet, what it has sealed and
 * not delivered. Times are true UTC in microseconds unless a name says otherwise.
 */
struct parcel { /* a sealed segment on the card */
	char *bytes;
	uint32_t len;
	uint64_t seq;
	bool transition; /* the ladder changed: goes first */
};

/* Lines of one uplink until they are sealed. */
struct record {
	struct buf lines; /* each with its '\n' */
	int64_t opened_us, last_round_us, gap_us;
	struct ladder ladder;
	bool changed;
	char note[1201]; /* the newest where note of this boot, base64; "" none */
	int64_t anchor_utc_us, anchor_t_us;
	uint32_t asn;
	char country[3], prefix[20];
};

#define MACHINE_UPLINKS 2
struct machine {
	const struct country *country;
	const struct country_probe *probe;
	size_t at; /* index of the probe */
	struct crypto_key *key; /* of its epoch; NULL: has not joined, or has left */
	char epoch[2 * PUBLIC_KEY_BYTES + 1];
	unsigned int life; /* 0, or 1 after it was replaced */
	uint64_t seq;
	char previous[HASH_HEX_BYTES];
	int64_t enrolled_us; /* 0: not yet */
	int64_t leaves_us;
	bool comes_back; /* another machine takes its place */
	/* this boot */
	bool on, unclean;
	uint32_t boots, round;
	int64_t booted_us, origin_us, last_on_us;
	double drift; /* of CLOCK_BOOTTIME */
	bool set; /* the wall clock was set from the network */
	bool hopeless; /* and never will be: off by years */
	int64_t off_us; /* of a wall clock that was not set */
	uint32_t clock_steps;
	struct record records[MACHINE_UPLINKS];
	int64_t early_from_us;
	unsigned int early_closes;
	/* what comes next */
	int64_t next_round_us, next_ship_us, next_look_us, last_full_us, last_speed_us;
	bool shipping;
	unsigned int failures;
	struct parcel *parcels; /* oldest first */
	size_t parcels_n, parcels_cap;
	struct chance chance;
};

void machine_start(struct machine *m, const struct country *country, size_t at,
	unsigned int life, int64_t joins_us);
void machine_stop(struct machine *m);
/* It has power again. */
void machine_boot(struct machine *m, int64_t now_us);
/* On the scale of this boot. */
int64_t machine_t_us(const struct machine *m, int64_t now_us);
/* What its wall clock says less what is true, beside what the weather does to it. */
int64_t machine_off_us(const struct machine *m, int64_t now_us);
/* The network tells it the time. */
void machine_set_clock(struct machine *m);
/* The network that an uplink is of. */
uint8_t machine_network(const struct machine *m, int uplink);

/* Lines of a round; the record says whether the ladder changed. */
void machine_record_add(struct machine *m, int uplink, const struct measurement *lines,
	size_t n, int64_t now_us);
struct machine_promise {
	int64_t interval_us, next_contact_us; /* how often; when, as true UTC */
	int64_t clock_off_us; /* of the wall clock, all told */
	bool hollow; /* nobody will read it: the segment stays empty */
};
/* Seals what an uplink's record holds, as parcels behind the others. */
void machine_record_seal(struct machine *m, int uplink, const struct targets *targets,
	const struct machine_promise *promise, int64_t now_us);
/* Takes the next parcel: the newest transition first, then the oldest. The caller frees its
 * bytes. False: none is left. */
bool machine_take(struct parcel *parcel, struct machine *m);
/* Another one on the card, where its number belongs. */
void machine_put_back(struct machine *m, const struct parcel *parcel);
