#include "analyzer/report/verdict_relations.h"

#include <stdlib.h>

#include "analyzer/analysis/onset.h"
#include "analyzer/report/values.h"
#include "common/log.h"

static json_t *
onset_json(const struct described *d, const struct onset *onset)
{
	const struct network *network = &d->record->networks[onset->network];
	json_t *out = values_must(json_object()), *first = values_must(json_object());
	int64_t error_us;

	values_put(out, "region", values_text(network->region));
	values_put(out, "asn", json_integer(network->asn));
	values_put(
		out, "medium", values_text(medium_name((enum medium)network->medium)));
	values_put(first, "estimate",
		values_time(verdict_instant(&error_us, onset->lo_us, onset->hi_us)));
	values_put(first, "error_s", values_ppm(error_us));
	values_put(out, "first", first);
	values_put(out, "before", json_boolean(onset->before));
	values_put(out, "probes", json_integer(onset->probes));
	values_put(out, "of", json_integer(onset->of));
	return out;
}

json_t *
verdict_relations_onset(const struct described *d)
{
	json_t *out = values_must(json_array());
	struct onset *order = calloc(d->record->networks_n + 1, sizeof(*order));
	size_t n;

	if (!order)
		bug("no memory for the order of onset");
	n = d->source ? 0
		      : onset_order(order, ONSET_NETWORKS, d->event, d->anomalies,
				d->record);
	for (size_t i = 0; i < n && i < VERDICT_RELATIONS_MOST; i++)
		values_append(out, onset_json(d, &order[i]));
	free(order);
	return out;
}
