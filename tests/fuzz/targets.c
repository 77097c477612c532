/* A target list that is accepted holds only what its header promises. */
#include <string.h>

#include "common/targets.h"
#include "tests/fuzz/fuzz.h"

static void
must_be_a_target(const struct target *t)
{
	must(strnlen(t->id, sizeof t->id) < sizeof t->id && t->id[0]);
	must(strnlen(t->host, sizeof t->host) < sizeof t->host);
	must(strnlen(t->address, sizeof t->address) < sizeof t->address);
	must(t->role < ROLE_COUNT && t->rung < RUNG_COUNT && t->level <= LEVEL_HIGH);
	must(t->checks < UINT32_C(1) << CHECK_COUNT);
	must(t->host[0] || t->address[0]);
}

/* Who reads more than the probe finds each row's line, and every column of it. */
static void
must_have_lines(const struct targets *targets, struct span rest)
{
	struct span columns[TARGET_COLUMNS], line;

	must(span_written_line(&line, &rest));
	for (uint32_t i = 0; i < targets->n; i++) {
		must(span_written_line(&line, &rest) &&
			span_columns(columns, TARGET_COLUMNS, line));
		must(span_is(columns[TARGET_ROLE],
			targets_role_name(targets->rows[i].role)));
		must(columns[TARGET_WHO_ELSE].len > 0);
		must(columns[TARGET_VERIFIED].len > 0);
	}
	must(!span_written_line(&line, &rest));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct targets targets;
	struct span bytes = {(const char *)data, size};
	const char *why = NULL;
	uint32_t line = 0;

	if (targets_read(&targets, bytes, &line, &why) != OK) {
		must(why && line >= 1 && targets.n == 0);
		return 0;
	}
	must(targets.n <= TARGETS_MAX);
	for (uint32_t i = 0; i < targets.n; i++) {
		/* Ids are unique. */
		must(targets_find(&targets, targets.rows[i].id) == &targets.rows[i]);
		must_be_a_target(&targets.rows[i]);
	}
	must_have_lines(&targets, bytes);
	return 0;
}
