/* A region's level that is accepted holds only what its header promises, and any levels
 * can be looked at for falls. The same bytes are tried as a zone. */
#include <string.h>

#include "analyzer/analysis/shape.h"
#include "analyzer/exchange/levels.h"
#include "tests/fuzz/fuzz.h"

#define LEVELS 512

struct seen {
	struct regional levels[LEVELS];
	size_t n, rows;
	int64_t last_us;
};

static enum err
look(void *arg, const struct store_level *level)
{
	struct seen *seen = arg;
	uint32_t region = (uint8_t)level->region[0];

	seen->rows++;
	must(level->region[0] && strnlen(level->region, sizeof level->region) < 97);
	must(level->utc_us >= 0 && level->value_micro >= 0);
	must(level->value_micro <= INT64_C(1001) * 1000000);
	/* As the store gives them: by region, then time. */
	if (seen->n < LEVELS && level->utc_us > 0 &&
		(!seen->n || region > seen->levels[seen->n - 1].region ||
			(region == seen->levels[seen->n - 1].region &&
				level->utc_us > seen->levels[seen->n - 1].utc_us)))
		seen->levels[seen->n++] = (struct regional){.region = region,
			.utc_us = level->utc_us,
			.value_micro = level->value_micro};
	return OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	static struct zone zone;
	struct levels_of of = {.source = "lab", .country = "QX"};
	struct seen seen = {.n = 0};
	struct falls falls;
	const char *why = NULL;
	uint64_t line = 0;
	enum err err;

	if (zone_read(&zone, bytes))
		zone_utc_s(&zone, zone.n ? zone.at_s[0] : 0);
	err = levels_read(bytes, &of, look, &seen, &line, &why);
	must((err == OK) == (why == NULL));
	must(line >= 1 && (err == OK ? line == seen.rows + 1
				     : line == 1 || line == seen.rows + 2));
	falls_find(&falls, seen.levels, seen.n, INT64_C(14) * 86400 * 1000000);
	for (size_t i = 0; i < falls.n; i++) {
		struct shape shape;

		shape_read(&shape, &falls.falls[i], &falls, seen.levels, seen.n);
		must(shape.fell <= shape.regions && shape.order_n <= SHAPE_ORDER);
	}
	falls_free(&falls);
	return 0;
}
