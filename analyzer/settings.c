#include "analyzer/steps.h"

#include <stddef.h>

#include "common/conf.h"
#include "common/log.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* A baseline needs three windows before it says anything. */
#define REFERENCE_WINDOWS 4

#define AT(field) offsetof(struct settings, field)
#define COUNT(name, min, max, preset, sentence)                                        \
	{                                                                              \
#name, SETTING_COUNT, min, max, preset, NULL, AT(name), 0, sentence    \
	}
#define DURATION(name, min, max, preset, sentence)                                     \
	{                                                                              \
#name, SETTING_DURATION, min, max, preset, NULL, AT(name##_us), 0,     \
			sentence                                                       \
	}
#define TEXT(name, preset, sentence)                                                   \
	{                                                                              \
#name, SETTING_TEXT, 0, 0, preset, NULL, AT(name),                     \
			sizeof(((struct settings *)NULL)->name), sentence              \
	}

static const struct setting rows[] = {
	TEXT(dir, "",
		"The folder that init made; empty: the one where a command is typed. "
		"--dir goes before this."),
	COUNT(time_scale, 1, 10000, "1",
		"Divides every duration of this file but the deadline of a request; 1 "
		"outside a lab."),
	DURATION(window, MINUTE, DAY, "15min", "The width of a bin."),
	DURATION(reference, HOUR, 365 * DAY, "14d", "How far back a baseline looks."),
	DURATION(analyze, SECOND, DAY, "1min",
		"serve computes the events anew this often, if anything new came."),
	DURATION(request, SECOND, HOUR, "1min",
		"A request that is not whole after this is cut off."),
	COUNT(day_segments, 1, 1000000, "1000",
		"Quota: so many segments of one probe are taken a day."),
	DURATION(day, HOUR, 7 * DAY, "1d", "The day of the quota."),
	TEXT(asn_db, "", "File of AS numbers (.mmdb); empty: networks stay unknown."),
	TEXT(country_db, "",
		"File of countries (.mmdb); empty: countries stay unknown."),
	TEXT(targets, "",
		"A target list that probes were given by hand (.csv); empty: the one "
		"that `targets sign` put in force."),
	TEXT(ingest, "127.0.0.1:8443",
		"ADDR:PORT that probes ship to by TCP, and to which they send the "
		"datagrams that are counted, by UDP."),
	TEXT(pages, "127.0.0.1:8080", "ADDR:PORT of the pages; loopback only."),
	TEXT(public_endpoint, "",
		"https://ADDR:PORT at which probes reach the ingest; invites carry "
		"it. Port 443 is the one that ordinary devices use."),
};

const struct setting *
settings_rows(size_t *n)
{
	*n = sizeof rows / sizeof rows[0];
	return rows;
}

enum err
settings_check(const struct settings *settings, const char *path)
{
	if (settings->reference_us / settings->window_us >= REFERENCE_WINDOWS)
		return OK;
	log_error(
		"%s: reference must be at least %d times window, or nothing would ever "
		"be unusual",
		path, REFERENCE_WINDOWS);
	return ERR_CONFIG;
}
