/* A list of known events that is accepted holds only what its header promises. */
#include <stdlib.h>
#include <string.h>

#include "analyzer/report/labels.h"
#include "tests/fuzz/fuzz.h"

static void
look(const struct score_label *label)
{
	const struct score_scope *scope = &label->scope;

	must(label->id[0] && strnlen(label->id, sizeof label->id) < sizeof label->id);
	must(strlen(scope->country) == 2);
	must(scope->regions_n <= SCORE_LIST && scope->asns_n <= SCORE_LIST);
	for (size_t i = 0; i < scope->regions_n; i++)
		must(strnlen(scope->regions[i], sizeof scope->regions[i]) < 7);
	must(scope->start_utc_us >= 0 && scope->end_utc_us > scope->start_utc_us);
	must(label->cause < SCORE_CAUSES && label->cause != SCORE_UNDECIDED);
	must((label->cause == SCORE_INSUFFICIENT) == (label->named_n > 0));
	for (size_t i = 0; i < label->named_n; i++)
		must(label->named[i] < CAUSE_COUNT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	uint64_t line = 0;
	struct labels labels;
	struct score_row *rows;
	struct score_figures figures;
	enum err err = labels_read(
		&labels, (struct span){(const char *)data, size}, &line, &why);

	must((err == OK) == (why == NULL) && line >= 1);
	for (size_t i = 0; i < labels.n; i++)
		look(&labels.rows[i]);
	rows = calloc(labels.n + 1, sizeof *rows);
	must(rows && score_match(rows, labels.rows, labels.n, NULL, 0) == labels.n);
	score_count(&figures, rows, labels.n);
	must(figures.labels <= labels.n && figures.found == 0);
	free(rows);
	labels_free(&labels);
	return 0;
}
