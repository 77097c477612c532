#include "analyzer/analysis/load.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/analysis/load_probe.h"
#include "analyzer/analysis/shelf.h"
#include "common/log.h"

static void
forget_probes(struct loaded *l)
{
	for (size_t i = 0; l->probes && i < l->known.probes_n; i++) {
		free(l->probes[i].segments);
		free(l->probes[i].again);
	}
	free(l->probes);
	free(l->extents);
	free(l->fresh);
	free(l->networks);
	shelf_close(l->shelf);
	l->probes = NULL;
	l->extents = NULL;
	l->fresh = NULL;
	l->networks = NULL;
	l->shelf = NULL;
	l->networks_cap = l->record.networks_n = 0;
	l->received_utc_us = l->stored_n = 0;
}

static enum err
begin(struct loaded *l, struct store *store)
{
	size_t n = l->known.probes_n + 1;
	char folder[FILE_PATH_BYTES];
	enum err err = store_folder(folder, store);

	l->probes = calloc(n, sizeof(*l->probes));
	l->extents = calloc(n, sizeof(*l->extents));
	l->fresh = calloc(n, sizeof(*l->fresh));
	if (!l->probes || !l->extents || !l->fresh)
		bug("no memory for %zu probes", n);
	for (size_t i = 0; i < l->known.probes_n; i++)
		l->probes[i].anew = true;
	/* The first network is none: there lies a probe that never measured. */
	load_segment_network(l, &(struct network){0});
	l->changed_utc_us = 0;
	if (!err)
		err = shelf_open(&l->shelf, folder);
	/* What comes meanwhile is seen again, and known. */
	return err ? err : store_segment_count(&l->stored_n, store);
}

/* Takes over what may have changed besides segments; all is read again where it is other
 * probes and targets. */
static enum err
look_around(struct loaded *l, struct store *store, const struct settings *settings)
{
	struct known now;
	enum err err = known_read(&now, store, settings, l->until_utc_us);

	if (err) {
		known_free(&now);
		return err;
	}
	memcpy(l->targets_hash, now.targets_hash, sizeof(l->targets_hash));
	if (l->shelf && known_same(&l->known, &now)) {
		struct point *points = l->known.points;
		size_t n = l->known.points_n;

		if (n != now.points_n ||
			(n && memcmp(points, now.points, n * sizeof(*points))))
			l->changed_utc_us = 0;
		l->known.points = now.points;
		l->known.points_n = now.points_n;
		now.points = points;
		known_free(&now);
		return OK;
	}
	forget_probes(l);
	known_free(&l->known);
	l->known = now;
	return begin(l, store);
}

static enum err
finish(struct loaded *l, const struct settings *settings)
{
	struct record *r = &l->record;
	size_t networks_n = r->networks_n;

	l->samples = shelf_look(l->shelf);
	l->targets = l->known.targets;
	l->points = l->known.points;
	*r = (struct record){
		.samples = l->samples,
		.extents = l->extents,
		.probes = l->known.probes,
		.probes_n = l->known.probes_n,
		.networks = l->networks,
		.networks_n = networks_n,
		.targets = l->known.targets,
		.targets_n = l->known.targets_n,
		.points = l->known.points,
		.points_n = l->known.points_n,
		.window_us = settings->window_us,
		.reference_us = settings->reference_us,
		.horizon_us = l->received_utc_us,
	};
	for (size_t i = 0; i < r->probes_n; i++)
		r->samples_n += l->extents[i].n;
	if (l->until_utc_us && l->until_utc_us < r->horizon_us)
		r->horizon_us = l->until_utc_us;
	return l->samples ? OK : ERR_IO;
}

enum err
load_update(struct loaded *loaded, struct store *store, const struct settings *settings,
	int64_t until_utc_us)
{
	struct loader l = {
		.out = loaded,
		.store = store,
		.segment = malloc(sizeof(*l.segment)),
		.m = malloc(sizeof(*l.m)),
	};
	enum err err;

	if (!l.segment || !l.m)
		bug("no memory to read the store");
	/* What is left out now may have been taken in. */
	if (loaded->shelf && (!until_utc_us != !loaded->until_utc_us ||
				     until_utc_us < loaded->until_utc_us))
		load_free(loaded);
	loaded->changed_utc_us = INT64_MAX;
	loaded->until_utc_us = until_utc_us;
	err = look_around(loaded, store, settings);
	for (size_t i = 0; !err && i < loaded->known.probes_n; i++)
		loaded->fresh[i] = loaded->extents[i].n;
	if (!err)
		err = store_each_segment_behind(
			store, loaded->stored_n, load_probe_more, &l);
	if (!err)
		err = l.err;
	for (uint32_t i = 0; !err && i < loaded->known.probes_n; i++)
		if (loaded->probes[i].anew || loaded->probes[i].cut)
			err = load_probe_anew(&l, i);
	if (!err)
		err = finish(loaded, settings);
	/* Half of it is nothing that the next reading could build on. */
	if (err)
		load_free(loaded);
	free(l.samples);
	free(l.claims);
	free(l.segment);
	free(l.m);
	return err;
}

enum err
load_read(struct loaded *loaded, struct store *store, const struct settings *settings,
	int64_t until_utc_us)
{
	memset(loaded, 0, sizeof(*loaded));
	return load_update(loaded, store, settings, until_utc_us);
}

void
load_rest(struct loaded *loaded)
{
	if (loaded->shelf)
		shelf_rest(loaded->shelf);
}

void
load_free(struct loaded *loaded)
{
	forget_probes(loaded);
	known_free(&loaded->known);
	memset(loaded, 0, sizeof(*loaded));
}
