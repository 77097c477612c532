#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/measurement.h"

/*
 * What ModemManager says of a modem: sd-bus's only door. Names, types and flags are those of
 * its API (the introspection files of 1.20; NetworkRejection is of 1.24), on the system bus
 * of DBUS_SYSTEM_BUS_ADDRESS, or else at /run/dbus/system_bus_socket. A service that does
 * not run is not started.
 *
 * The objects it shows hold identities of device, SIM and subscriber as well: none of them
 * is read, and the child that they reach ends with the check.
 */
#define MODEM_PATH_BYTES 64 /* those of the service are below 50 */
struct modem {
	char path[MODEM_PATH_BYTES]; /* on the bus */
	int64_t access_tech; /* MMModemAccessTechnology; -1 not said */
	int64_t signal_percent; /* -1 not said */
	int64_t signal_dbm; /* RSRP, RSCP or RSSI of the serving cell; 1 not said */
	enum registration registration; /* unknown: not said */
	char plmn[7]; /* five or six digits; "" not said */
	bool ready; /* switched on, its SIM unlocked: it may be in a network */
	bool carries; /* a bearer of it is connected and not suspended */
	bool signal_idle; /* nobody asked the service to look for its signal */
	bool of_uplink; /* the interface that was asked for is its own */
	int64_t reject_cause; /* see modem_cause(); 0: none is told */
	int64_t voice; /* 1 calls could be made now, 0 they could not, -1 not said */
	uint8_t cell[32]; /* only for modem_same_cell() */
	bool has_cell;
};

/* Asks for all modems and takes the one that carries ${uplink} ("" any), else the first that
 * carries data, else the first that is in a network, else the first. Waits timeout_us at
 * most for any one answer. False: ${reason} says why, ${error} is an errno where something is odd, or 0. */
bool modem_read(struct modem *modem, enum reason *reason, int *error,
	const char *uplink, int64_t timeout_us);

/* What a child leaves to the next so that a cell is known again: a key drawn by the first one
 * and the cell's HMAC under it, in memory alone. All zeroes: nothing is known. */
#define MODEM_MEMORY_BYTES 64
/* -1 where one of the two cells is not known, else whether it is the same (cells of two
 * technologies are two, so a real fall to 2G changes it whoever wanted it); and ${memory} is of
 * this modem's cell from now on. */
int modem_same_cell(
	uint8_t memory[static MODEM_MEMORY_BYTES], const struct modem *modem);

/* The 3GPP cause (TS 24.008 annexes G and I, TS 24.301 annexes A and B, TS 24.501 annex A) of
 * a D-Bus error's name like SERVICE.Error.MobileEquipment.PlmnNotAllowed, as ModemManager
 * spells MMMobileEquipmentError; 0 where the error is no network's refusal. */
int64_t modem_cause(const char *error);
