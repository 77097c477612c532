#include "analyzer/report/verdict_scope.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/report/values.h"
#include "common/log.h"

bool
verdict_scope_has(const struct described *d, size_t network)
{
	for (uint32_t i = 0; i < d->event->n; i++)
		if (d->anomalies[d->event->first + i].network == network)
			return true;
	return false;
}

static void
append_once(json_t *array, json_t *value)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_equal(json_array_get(array, i), value)) {
			json_decref(value);
			return;
		}
	values_append(array, value);
}

static const char *
level_of(const struct described *d)
{
	if (d->source)
		return d->source->level;
	if (d->event->affected == 1)
		return "probe";
	if (d->witness->operators == 1)
		return "network";
	return d->witness->regions == 1 ? "region" : "country";
}

static bool
names_a_region(const struct described *d)
{
	for (size_t i = 0; i < d->record->networks_n; i++)
		if (d->record->networks[i].region[0] && verdict_scope_has(d, i))
			return true;
	return false;
}

bool
verdict_scope_is_country(const struct described *d)
{
	const char *level = level_of(d);

	return !strcmp(level, "country") ||
	       (!strcmp(level, "region") && !d->source && !names_a_region(d));
}

json_t *
verdict_scope(const struct described *d)
{
	json_t *out = values_must(json_object()), *regions = values_must(json_array());
	json_t *asns = values_must(json_array()), *media = values_must(json_array());
	uint32_t *order = calloc(d->record->networks_n + 1, sizeof(*order));

	if (!order)
		bug("no memory for the networks");
	record_networks(order, d->record);
	for (size_t i = 0; i < d->record->networks_n; i++) {
		const struct network *n = &d->record->networks[order[i]];

		if (!verdict_scope_has(d, order[i]))
			continue;
		if (n->region[0])
			append_once(regions, values_text(n->region));
		if (n->asn)
			append_once(asns, json_integer(n->asn));
		append_once(media, values_text(medium_name((enum medium)n->medium)));
	}
	if (d->source && d->source->asn)
		values_append(asns, json_integer(d->source->asn));
	free(order);
	values_put(out, "level", values_text(level_of(d)));
	values_put(out, "country", values_text(d->event->country));
	values_put(out, "regions", regions);
	values_put(out, "asns", asns);
	values_put(out, "medium", media);
	return out;
}

json_t *
verdict_scope_probes(const struct described *d)
{
	json_t *out = values_must(json_object());

	values_put(out, "expected", json_integer(d->witness->expected));
	values_put(out, "reporting", json_integer(d->witness->reporting));
	values_put(out, "alive", json_integer(d->witness->alive));
	values_put(out, "affected", json_integer(d->event->affected));
	values_put(out, "cohorts", json_integer(d->witness->cohorts));
	return out;
}
