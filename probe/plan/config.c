#include "common/conf.h"
#include "probe/steps.h"

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MB INT64_C(1000000)

#define AT(member) offsetof(struct config, member)
#define DURATION(name, member, min, max, preset, sentence)                             \
	{                                                                              \
		name, SETTING_DURATION, min, max, preset, NULL, AT(member), 0,         \
			sentence                                                       \
	}
#define COUNT(name, member, min, max, preset, sentence)                                \
	{                                                                              \
		name, SETTING_COUNT, min, max, preset, NULL, AT(member), 0, sentence   \
	}
#define BYTES(name, member, min, max, preset, sentence)                                \
	{                                                                              \
		name, SETTING_BYTES, min, max, preset, NULL, AT(member), 0, sentence   \
	}
#define CHOICE(name, member, choices, preset, sentence)                                \
	{                                                                              \
		name, SETTING_CHOICE, 0, 0, preset, choices, AT(member), 0, sentence   \
	}
#define TEXT_AT(name, member, preset, sentence)                                        \
	{                                                                              \
		name, SETTING_TEXT, 0, 0, preset, NULL, AT(member),                    \
			sizeof(((struct config *)0)->member), sentence                 \
	}

#define PLAN(medium, words)                                                            \
	BYTES(#medium "_month_bytes", plan_bytes[MEDIUM_##medium], 0, 1000000 * MB,    \
		"0",                                                                   \
		"What your plan gives to this probe a month on " words                 \
		"; four fifths are spent at most, an even share a day. 0: no such "    \
		"limit, each day's holds alone.")

static const struct setting rows[] = {
	CHOICE("profile", profile, "2g|home", "home",
		"How much is measured: 2g for a metered mobile line, home for a flat "
		"rate. "
		"What was said at enrolment goes before this."),
	CHOICE("level", level, "low|normal|high", "low",
		"The risk level up to which checks run; `checks` lists them. What was "
		"said "
		"at enrolment goes before this."),
	TEXT_AT("targets", targets, "",
		"The target list: what is measured; empty: the one that the analyzer "
		"signs and gives out."),
	TEXT_AT("root_hints", root_hints, "/usr/share/dns/root.hints",
		"The addresses of the DNS root servers, as a hints file; without it "
		"none is asked."),
	TEXT_AT("root_key", root_key, "/usr/share/dns/root.key",
		"The keys of the DNS root, as DNSKEY or DS records; without them no "
		"signature is followed."),
	TEXT_AT("fingerprints", fingerprints, "",
		"Block pages and forged addresses that are known already, as OONI and "
		"OCULAR list them (CSV); empty: a page is recorded and not "
		"recognised."),
	TEXT_AT("uplink", uplink, "",
		"The interface that leads out; empty: the one of the default route."),
	TEXT_AT("ca_file", ca_file, "/etc/ssl/certs/ca-certificates.crt",
		"The CA store that servers' certificates are held against, in PEM; "
		"empty: they are recorded, and not judged."),
	COUNT("time_scale", time_scale, 1, 10000, "1",
		"Divides every duration of this file; 1 outside a lab."),
	DURATION("pace", pace_us, 500 * MS, MINUTE, "500ms",
		"At least so long between two packets."),
	COUNT("at_once", at_once, 1, 8, "8",
		"So many checks wait for an answer at a time."),
	DURATION("day", day_us, DAY, DAY, "1d", "The day of the byte budget."),
	DURATION("month", month_us, 31 * DAY, 31 * DAY, "31d",
		"The month of the byte budget."),
	PLAN(mobile, "a mobile line"),
	PLAN(fixed, "a fixed line"),
	PLAN(satellite, "a satellite link"),
	PLAN(unknown, "a line of which nothing was said"),
	DURATION("watch", watch_us, MINUTE, DAY, "30min",
		"So long rounds are faster after a change of the ladder."),
	COUNT("alarms_an_hour", alarms_an_hour, 0, 60, "4",
		"A pulse that fails calls for a round at once, at most so often an "
		"hour."),
	COUNT("battery_slower", battery_slower, 1, 10, "2",
		"So many times as long between two pulses while the machine is on "
		"battery."),
	DURATION("back_off", back_off_us, SECOND, DAY, "30s",
		"After a shipment that failed, the next waits up to this, twice as "
		"long "
		"after each further failure."),
	DURATION("back_off_max", back_off_max_us, MINUTE, DAY, "1h",
		"The longest wait between two shipments that fail."),
	COUNT("early_closes_an_hour", early_closes_an_hour, 0, 60, "12",
		"A change of the ladder closes a segment at once, at most so often an "
		"hour."),
	DURATION(
		"hour", hour_us, HOUR, HOUR, "1h", "The hour of early_closes_an_hour."),

	DURATION("2g_pulse", profiles[PROFILE_2G].pulse_us, 10 * SECOND, HOUR, "60s",
		"2g: between two pulses, each one small DNS question."),
	DURATION("2g_ladder", profiles[PROFILE_2G].ladder_us, MINUTE, DAY, "15min",
		"2g: between two rounds."),
	DURATION("2g_wide", profiles[PROFILE_2G].wide_us, MINUTE, DAY, "1h",
		"2g: names, transport and service no more often than this."),
	COUNT("2g_wide_targets", profiles[PROFILE_2G].wide_targets, 0, TARGETS_MAX, "2",
		"2g: at most so many targets in each of them; 0: all."),
	COUNT("2g_pings", profiles[PROFILE_2G].pings, 1, 10, "1",
		"2g: echo requests to one target in a round."),
	DURATION("2g_trace", profiles[PROFILE_2G].trace_us, 0, 30 * DAY, "6h",
		"2g: between two traces, each of one target; 0: with all of names, "
		"transport and service."),
	DURATION("2g_dnssec", profiles[PROFILE_2G].dnssec_us, MINUTE, 30 * DAY, "1d",
		"2g: between two names whose signatures are followed up to the root."),
	DURATION("2g_speed", profiles[PROFILE_2G].speed_us, 0, 30 * DAY, "1d",
		"2g: between two pairs of transfers; 0: with every round."),
	BYTES("2g_speed_bytes", profiles[PROFILE_2G].speed_bytes, 1000, MB, "32KiB",
		"2g: the size of one transfer; each time one down and one up."),
	BYTES("2g_full_bytes", profiles[PROFILE_2G].full_bytes, 0, 2 * MB, "0",
		"2g: the size after a change of the ladder, once a day at most, and "
		"never of the last fifth of the day's bytes; 0: the usual one."),
	COUNT("2g_faster", profiles[PROFILE_2G].faster, 1, 10, "3",
		"2g: so many times as often are rounds after a change of the ladder."),
	DURATION("2g_oneway", profiles[PROFILE_2G].oneway_us, 0, 30 * DAY, "0s",
		"2g: between two batches of datagrams that both ends count, at level "
		"normal; 0: with all of names, transport and service."),
	DURATION("2g_compare", profiles[PROFILE_2G].compare_us, 0, 30 * DAY, "0s",
		"2g: between two comparisons of two names on one address, at level "
		"normal; 0: none by the clock."),
	BYTES("2g_compare_bytes", profiles[PROFILE_2G].compare_bytes, 10000, MB / 8,
		"24KiB", "2g: the size of one transfer of a comparison."),
	COUNT("2g_compare_pairs", profiles[PROFILE_2G].compare_pairs, 4, 8, "4",
		"2g: at most so many transfers for each of both names."),
	DURATION("2g_large", profiles[PROFILE_2G].large_us, 0, 30 * DAY, "0s",
		"2g: between two pairs of large pages, one inside the country and one "
		"outside; 0: none by the clock."),
	BYTES("2g_large_bytes", profiles[PROFILE_2G].large_bytes, 30000, MB / 8,
		"32KiB",
		"2g: the size of such a page; connections have been capped at 14 to 20 "
		"kB."),
	DURATION("2g_locate", profiles[PROFILE_2G].locate_us, 0, 30 * DAY, "0s",
		"2g: at level high, after a handshake that failed under a target's "
		"name "
		"and not under the control name, how many hops away whoever minds "
		"that name is; no sooner than so long after the last time. Whoever "
		"watches the line can tell that it is looked for. 0: never."),
	COUNT("2g_exhibits", profiles[PROFILE_2G].exhibits, 0, 16, "2",
		"2g: at most so many answers a day that are unlike the usual (a page, "
		"a certificate, a reset) are kept as they came, 8 KiB each, readable "
		"by the analyzer alone; 0: none."),
	DURATION("2g_segment", profiles[PROFILE_2G].segment_us, MINUTE, DAY, "15min",
		"2g: a segment closes after this."),
	DURATION("2g_ship", profiles[PROFILE_2G].ship_us, MINUTE, DAY, "30min",
		"2g: between two shipments, a change of the ladder excepted."),
	BYTES("2g_day_bytes", profiles[PROFILE_2G].day_bytes, MB / 10, 10000 * MB,
		"3MB", "2g: never more bytes a day, both ways, shipments included."),

	DURATION("home_pulse", profiles[PROFILE_HOME].pulse_us, 10 * SECOND, HOUR,
		"30s", "home: between two pulses, each one small DNS question."),
	DURATION("home_ladder", profiles[PROFILE_HOME].ladder_us, MINUTE, DAY, "5min",
		"home: between two rounds."),
	DURATION("home_wide", profiles[PROFILE_HOME].wide_us, MINUTE, DAY, "5min",
		"home: names, transport and service no more often than this."),
	COUNT("home_wide_targets", profiles[PROFILE_HOME].wide_targets, 0, TARGETS_MAX,
		"0", "home: at most so many targets in each of them; 0: all."),
	COUNT("home_pings", profiles[PROFILE_HOME].pings, 1, 10, "3",
		"home: echo requests to one target in a round."),
	DURATION("home_trace", profiles[PROFILE_HOME].trace_us, 0, 30 * DAY, "15min",
		"home: between two traces, each of one target; 0: with all of names, "
		"transport and service."),
	DURATION("home_dnssec", profiles[PROFILE_HOME].dnssec_us, MINUTE, 30 * DAY,
		"1h",
		"home: between two names whose signatures are followed up to the "
		"root."),
	DURATION("home_speed", profiles[PROFILE_HOME].speed_us, 0, 30 * DAY, "1h",
		"home: between two pairs of transfers; 0: with every round."),
	BYTES("home_speed_bytes", profiles[PROFILE_HOME].speed_bytes, 1000, MB,
		"256KiB",
		"home: the size of one transfer; each time one down and one up."),
	BYTES("home_full_bytes", profiles[PROFILE_HOME].full_bytes, 0, 2 * MB, "2MB",
		"home: the size after a change of the ladder, once a day at most, and "
		"never of the last fifth of the day's bytes; 0: the usual one."),
	COUNT("home_faster", profiles[PROFILE_HOME].faster, 1, 10, "2",
		"home: so many times as often are rounds after a change of the "
		"ladder."),
	DURATION("home_oneway", profiles[PROFILE_HOME].oneway_us, 0, 30 * DAY, "0s",
		"home: between two batches of datagrams that both ends count, at level "
		"normal; 0: with all of names, transport and service."),
	DURATION("home_compare", profiles[PROFILE_HOME].compare_us, 0, 30 * DAY, "12h",
		"home: between two comparisons of two names on one address, at level "
		"normal; 0: none by the clock."),
	BYTES("home_compare_bytes", profiles[PROFILE_HOME].compare_bytes, 10000, MB / 8,
		"100KiB", "home: the size of one transfer of a comparison."),
	COUNT("home_compare_pairs", profiles[PROFILE_HOME].compare_pairs, 4, 8, "8",
		"home: at most so many transfers for each of both names; four where "
		"neither is slower."),
	DURATION("home_large", profiles[PROFILE_HOME].large_us, 0, 30 * DAY, "6h",
		"home: between two pairs of large pages, one inside the country and "
		"one outside; 0: none by the clock."),
	BYTES("home_large_bytes", profiles[PROFILE_HOME].large_bytes, 30000, MB / 8,
		"64KiB",
		"home: the size of such a page; as on 2g where a transfer has shown a "
		"slow line."),
	DURATION("home_locate", profiles[PROFILE_HOME].locate_us, 0, 30 * DAY, "0s",
		"home: at level high, after a handshake that failed under a target's "
		"name "
		"and not under the control name, how many hops away whoever minds "
		"that name is; no sooner than so long after the last time. Whoever "
		"watches the line can tell that it is looked for. 0: never."),
	COUNT("home_exhibits", profiles[PROFILE_HOME].exhibits, 0, 16, "8",
		"home: at most so many answers a day that are unlike the usual (a "
		"page, "
		"a certificate, a reset) are kept as they came, 8 KiB each, readable "
		"by the analyzer alone; 0: none."),
	DURATION("home_segment", profiles[PROFILE_HOME].segment_us, MINUTE, DAY, "5min",
		"home: a segment closes after this."),
	DURATION("home_ship", profiles[PROFILE_HOME].ship_us, MINUTE, DAY, "5min",
		"home: between two shipments, a change of the ladder excepted."),
	BYTES("home_day_bytes", profiles[PROFILE_HOME].day_bytes, MB / 10, 10000 * MB,
		"40MB", "home: never more bytes a day, both ways, shipments included."),
};

const struct setting *
config_rows(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

const struct profile_settings *
config_profile(const struct config *config)
{
	return &config->profiles[config->profile];
}
