#include "analyzer/analysis/naming.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/report/verdict.h"
#include "common/crypto.h"

static const char *const families[] = {
	"loss", "protocol", "target", "name", "whole", "slow", IDS_SILENT};

/* Between commas the family, what alone was missed, and each network: what an id goes
 * by. */
static void
name_networks(struct judged *j, const struct analysis *a, const struct event *event)
{
	const struct record *r = &a->loaded.record;

	uint32_t *order = analyze_room(r->networks_n, sizeof(*order));

	record_networks(order, r);
	buf_puts(&j->asns, ",");
	buf_puts(&j->networks, ",");
	for (size_t k = 0; k < r->networks_n; k++) {
		size_t n = order[k];
		const struct network *network = &r->networks[n];
		const char *target = event->target == NO_TARGET
					     ? ""
					     : a->loaded.targets[event->target].id;
		bool affected = false;
		struct buf asn = {0};

		for (uint32_t i = 0; i < event->n && !affected; i++)
			affected = a->anomalies[event->first + i].network == n;
		if (!affected)
			continue;
		buf_printf(&j->networks, "%s%s%s/%s/%s/%u/%s,", families[event->family],
			*target ? ":" : "", target, network->country, network->region,
			network->asn, medium_name((enum medium)network->medium));
		buf_printf(&asn, ",%u,", network->asn);
		if (!strstr(j->asns.data, asn.data))
			buf_printf(&j->asns, "%u,", network->asn);
		buf_free(&asn);
	}
	free(order);
}

/* An event whose edges moved may keep the id that another would now be given. */
static bool
is_in_use(const char *id, const struct analysis *a)
{
	if (ids_have(&a->earlier, id))
		return true;
	for (size_t i = 0; i < a->events_n; i++)
		if (!strcmp(a->judged[i].id, id))
			return true;
	return false;
}

/* An event keeps its id while late data moves its edges. */
static void
keep_id(struct judged *j, struct analysis *a, const struct event *event,
	enum ids_like like)
{
	const struct ids_earlier *earlier;
	int64_t error_us, start_us, end_us = 0;

	if (j->id[0])
		return;
	start_us = verdict_instant(&error_us, event->start_lo_us, event->start_hi_us);
	if (event->end_hi_us)
		end_us = verdict_instant(&error_us, event->end_lo_us, event->end_hi_us);
	earlier = ids_take(&a->earlier, start_us, end_us, j->networks.data, like);
	if (!earlier)
		return;
	memcpy(j->id, earlier->id, sizeof(j->id));
	j->ended_us = earlier->end_us;
}

/* A new one is named by what it is: country, family, networks and the window in which it
 * began. */
static void
name_event(struct judged *j, struct analysis *a, const struct event *event)
{
	struct buf text = {0};
	uint8_t hash[HASH_BYTES];
	char id[sizeof(j->id)];

	buf_printf(&text, "%s\n%s\n%lld\n", event->country, j->networks.data,
		(long long)(event->start_hi_us / a->loaded.record.window_us));
	if (event->target != NO_TARGET)
		buf_puts(&text, a->loaded.targets[event->target].id);
	do {
		crypto_sha256(hash, text.data, text.len);
		crypto_hex(id, hash, (sizeof(id) - 1) / 2);
		buf_puts(&text, "\n");
	} while (is_in_use(id, a));
	memcpy(j->id, id, sizeof(j->id));
	j->ended_us = INT64_MAX;
	buf_free(&text);
}

/* First all that are what an earlier one was; then those of which there was only silence
 * before what was written down meanwhile came. */
void
naming_give(struct analysis *a)
{
	for (size_t i = 0; i < a->events_n; i++) {
		if (!a->judged[i].observations_n)
			continue;
		name_networks(&a->judged[i], a, &a->events[i]);
		keep_id(&a->judged[i], a, &a->events[i], IDS_SAME_KIND);
	}
	for (size_t i = 0; i < a->events_n; i++) {
		if (!a->judged[i].observations_n)
			continue;
		keep_id(&a->judged[i], a, &a->events[i], IDS_SILENCE);
		if (!a->judged[i].id[0])
			name_event(&a->judged[i], a, &a->events[i]);
	}
}
