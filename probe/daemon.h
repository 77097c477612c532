#pragma once

#include "probe/program.h"

/* The daemon's state, and what its loop in main.c does with it. */
struct daemon {
	struct program *program;
	const volatile sig_atomic_t *stop;
	int lock;
	struct keys *keys;
	struct runner *runner;
	struct recorder *recorders[UPLINKS_MAX]; /* one for each uplink */
	uint32_t moves; /* of the uplinks, that the recorders know of */
	struct spool *spool;
	struct head *head;
	struct batches *batches;
	struct exhibits *exhibits;
	struct schedule schedule;
	struct shipment shipment;
	int64_t next_ship_us, failures;
	int64_t soon_us; /* the next, where a change came while one was under way; 0 none */
	int64_t next_list_us; /* the analyzer is asked for its list again */
	int64_t keep_after_us; /* the disk was full: not before */
	bool unclean_stop;
	struct alive before; /* the last sign of life of the run before; us -1 none */
	int alive; /* where this run's is written */
	int64_t next_alive_us;
	struct health health;
};

/* Takes the lock of the state folder and what the run before left; ${program} outlives it.
 * After an error daemon_close() is called all the same. */
NODISCARD enum err daemon_open(struct daemon *d, struct program *program);
void daemon_close(struct daemon *d);
/* One round or pulse: climb, learn, record, seal when due. */
void daemon_climb(struct daemon *d);
/* Seals what waits and spools it. What cannot be kept is counted; false: some still waits. */
bool daemon_keep(struct daemon *d);
/* Writes the health file. */
void daemon_tell(struct daemon *d);

/* ---- daemon_ship.c ---- */

/* Takes up what a shipment brought, and starts the next where it is time. */
void daemon_ship(struct daemon *d);
/* At a clean stop: what is under way ends, and what it spent and brought counts. */
void daemon_ship_end(struct daemon *d);
/* At a change of the ladder. It may be the end of an outage, which others see too: those
 * who failed before do not all come back in one moment. */
void daemon_ship_soon(struct daemon *d);
