#pragma once

#include "tests/world/country.h"

/*
 * What the world is to one probe at one instant: everything that a round of measurements
 * depends on, and nothing that names a cause. scenario.h makes it from a row of
 * scenarios.csv, round.h turns it into lines. Shares and chances are 0 to 1.
 */

/* What is sent, where filters tell it apart. */
enum passage {
	PASS_ICMP,
	PASS_UDP, /* but DNS and QUIC: time, one-way datagrams */
	PASS_DNS, /* UDP port 53 */
	PASS_QUIC,
	PASS_TCP, /* the TCP handshake */
	PASS_TLS, /* what follows a ClientHello */
	PASS_HTTP, /* what follows a plain request */
	PASS_COUNT,
};

enum meter { METER_NONE, METER_POLICED, METER_SHAPED };

/* What is done to one service (country.h names them), seen from one probe. */
enum block {
	BLOCK_NONE,
	BLOCK_DNS, /* its names get a false address from the configured resolver */
	BLOCK_DNS_RACE, /* a forged answer comes before the true one, from any resolver */
	BLOCK_IP, /* nothing to its addresses passes */
	BLOCK_SNI_RESET, /* a reset after the ClientHello */
	BLOCK_SNI_DROP, /* silence after the ClientHello */
	BLOCK_PAGE, /* a block page, by redirect, over plain HTTP; SNI_DROP under TLS */
	BLOCK_SLOW, /* its name is metered, both ways: service_bps */
	BLOCK_REFUSED, /* the far end answers 403 or 451 */
	BLOCK_DOWN, /* it is dead to everybody, controls too */
	BLOCK_INTERCEPTED, /* another certificate than the one the world is shown */
};

struct weather {
	/* the machine */
	bool on; /* it runs; false: no rounds at all, and a new boot afterwards */
	bool mains;
	double battery; /* charge, of those that have one */
	/* its home */
	bool carrier, router;
	bool tunnel; /* the default route leads abroad through a tunnel */
	bool portal; /* a captive portal answers for everybody */
	double beacons; /* share of the neighbours' wireless networks that are heard */
	/* mobile alone */
	uint8_t generation; /* 2 to 5 */
	double signal_dbm;
	bool registered, roaming, bearer, voice, cell_changed;
	uint8_t reject_cause; /* where there is no bearer or registration; 0 none said */
	/* reach: chance that one exchange is answered at all, were nothing filtered; each by
	 * itself (a dead access leaves nothing of home and abroad), loss not counted in */
	double access; /* the operator's own next router */
	double home[WORLD_NETWORKS]; /* targets in each network of the country */
	double abroad;
	bool one_way; /* of what crosses the border only the answers are lost: the far end
		       * counts our packets */
	/* filters, each a factor on the chance, for targets that are not listed */
	double pass[PASS_COUNT]; /* abroad */
	double pass_home[PASS_COUNT];
	bool ipv6; /* IPv6 passes at all */
	uint64_t
		listed; /* targets (bit: index) that no filter, cut or meter holds up */
	/* names and services */
	double resolver; /* the configured resolver's */
	uint8_t block[WORLD_SERVICES]; /* enum block */
	double service_bps; /* BLOCK_SLOW */
	/* quality */
	double rtt_ms
		[2]; /* home, abroad: round trip of an idle line, whatever is on the way */
	double jitter_ms;
	double loss[2]; /* home, abroad: share of packets lost in each direction */
	double rate_bps; /* what the line carries now, before any meter */
	enum meter meter;
	double meter_bps, burst_bytes,
		queue_ms; /* queue_ms: of a shaper or a crowd, when full */
	double freeze_bytes; /* connections abroad stand still after so many; 0 none */
	/* delivery */
	double upload; /* chance that a delivery to the analyzer gets through */
	double clock_off_s; /* wall clock less true time */
};

struct story; /* a scenario that happens to a country: scenario.h */
/* At ${utc_s} to ${probe} over ${network} (its own, or its second uplink's). Pure: the
 * same arguments give the same weather, in whatever order they are asked for. */
void weather_at(struct weather *weather, const struct story *story, size_t probe,
	uint8_t network, double utc_s);
/* Percent of its routes that the world sees of a network. */
double weather_routes(const struct story *story, uint8_t network, double utc_s);
