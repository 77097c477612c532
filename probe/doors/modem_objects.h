#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/doors/modem.h"

/*
 * The part of modem.h between the bus and what is told of one modem: the objects as they
 * were read, bounded, whatever the service shows.
 */
enum modem_radio { MODEM_GSM, MODEM_UMTS, MODEM_LTE, MODEM_NR, MODEM_RADIO_COUNT };

#define MODEM_DBM_UNKNOWN 1
#define MODEM_ERROR_BYTES 128

/* A modem or a bearer, as far as it was told; numbers are -1 where they may be 0. */
struct modem_object {
	char path[MODEM_PATH_BYTES];
	bool is_modem, is_bearer, has_voice;
	const char *uplink; /* the interface that is asked for, "" any */
	bool has_uplink; /* a port of it is that interface */
	int64_t state; /* MMModemState */
	int64_t access_tech, percent;
	int64_t rate, threshold; /* of Modem.Signal: how it is to be looked for */
	int64_t registration; /* MMModem3gppRegistrationState */
	int64_t emergency_only, connected, suspended; /* 0 or 1 */
	int64_t rejection; /* MMNetworkError, which is a 3GPP cause; 0 none */
	int dbm[MODEM_RADIO_COUNT];
	char plmn[8], interface[IF_NAMESIZE], error[MODEM_ERROR_BYTES];
	char bearers[8][MODEM_PATH_BYTES];
	size_t n_bearers;
};

struct modem_objects {
	struct modem_object modems[8], bearers[16];
	size_t n_modems, n_bearers;
	const char *uplink; /* the interface that is asked for, "" any */
};

/* Reads a reply to GetManagedObjects; what is too much is left out. False: it is none. */
struct modem_message;
bool modem_objects_read(
	struct modem_objects *objects, const struct modem_message *reply);

/* The modem that fits best, told as modem_read() has it. Pure. False: there is none. */
bool modem_choose(struct modem *modem, const struct modem_objects *objects);
