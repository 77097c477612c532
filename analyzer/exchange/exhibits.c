#include "analyzer/exchange/exhibits.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/store/store.h"
#include "common/exhibit.h"
#include "common/file.h"
#include "common/log.h"
#include "common/segment.h"

struct opening {
	const char *dir;
	struct identity identity;
	struct exhibit_gathering *gathering;
	char epoch[65]; /* whose exhibits are gathered */
	struct segment segment;
	struct measurement line;
	uint64_t written, closed;
	enum err err;
};

static void
write_exhibit(struct opening *o, const struct exhibit *exhibit)
{
	char name[HASH_HEX_BYTES + 16], hex[HASH_HEX_BYTES], path[FILE_PATH_BYTES];
	struct buf shown = {0};

	if (!exhibit_open(&shown, exhibit, o->identity.key)) {
		o->closed++;
		return;
	}
	crypto_hex(hex, exhibit->sha256, HASH_BYTES);
	snprintf(name, sizeof(name), "%s.%s", hex,
		exhibit_kind_name((enum exhibit_kind)exhibit->kind));
	o->err = file_path(path, o->dir, name);
	if (o->err == OK)
		o->err = file_write(path, shown.data, shown.len);
	o->written += o->err == OK;
	buf_free(&shown);
}

static bool
open_segment(void *arg, const struct store_segment *stored)
{
	struct opening *o = arg;

	if (segment_read(&o->segment, stored->bytes, NULL) != OK)
		return true;
	if (strcmp(o->epoch, stored->epoch) != 0)
		memset(o->gathering, 0, sizeof(*o->gathering));
	memcpy(o->epoch, stored->epoch, sizeof(o->epoch));
	for (size_t i = 0; i < o->segment.n && o->err == OK; i++) {
		const struct exhibit *whole;

		if (measurement_decode(&o->line, o->segment.lines[i], NULL) != OK)
			continue;
		whole = exhibit_gather(o->gathering, &o->line);
		if (whole != NULL)
			write_exhibit(o, whole);
	}
	return o->err == OK;
}

enum err
exhibits_export(struct context *context, const char *dir)
{
	struct opening *o = calloc(1, sizeof(*o));
	enum err err;

	if (o == NULL || (o->gathering = calloc(1, sizeof(*o->gathering))) == NULL)
		bug("no memory");
	o->dir = dir;
	err = identity_open(&o->identity, context->dir);
	if (err != OK)
		goto done;
	err = store_each_segment(context->store, open_segment, o);
	if (err == OK)
		err = o->err;
	if (err != OK)
		goto done;
	log_note("%llu exhibits written to %s", (unsigned long long)o->written, dir);
	if (o->closed > 0)
		log_note("%llu exhibits were not sealed to this analyzer's key, or are "
			 "not what their hash says",
			(unsigned long long)o->closed);
done:
	identity_close(&o->identity);
	free(o->gathering);
	free(o);
	return err;
}
