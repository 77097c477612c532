#include "analyzer/report/verdict_rows.h"

#include <string.h>

#include "analyzer/analysis/ranking.h"
#include "analyzer/report/values.h"

#define ALTERNATIVES 3

static json_t *
ratios(const struct verdict *v, enum row row)
{
	json_t *out = values_must(json_object());

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		if (v->counted[row][c])
			values_put(out, evidence_cause_name((enum cause)c),
				json_integer(v->counted[row][c]));
	return out;
}

/* What the row weighs where that is not what counted: another of its group weighs more,
 * or the group's cap is lower. */
static json_t *
set_aside(const struct described *d, enum row row)
{
	json_t *out = values_must(json_object());

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		if (d->weights->lr[row][c] != d->verdict->counted[row][c])
			values_put(out, evidence_cause_name((enum cause)c),
				json_integer(d->weights->lr[row][c]));
	return out;
}

json_t *
verdict_rows_caps(const struct described *d)
{
	json_t *out = values_must(json_object());

	for (size_t i = 0; i < d->observations_n; i++) {
		enum group group = evidence_row(d->observations[i].row)->group;

		values_put(out, evidence_group_name(group),
			json_integer(d->weights->cap[group]));
	}
	return out;
}

static json_t *
row_json(const struct described *d, size_t i)
{
	const struct observation *o = &d->observations[i];
	const struct evidence_row *row = evidence_row(o->row);
	json_t *out = values_must(json_object()), *lines = values_must(json_array());
	struct buf sentence = {0};

	evidence_sentence(&sentence, o);
	for (uint32_t l = 0; l < o->lines_n; l++)
		if (d->lines[i][l][0])
			values_append(lines, values_text(d->lines[i][l]));
	values_put(out, "row", values_text(row->id));
	values_put(out, "group", values_text(evidence_group_name(row->group)));
	values_put(out, "basis", values_text(evidence_basis_name(row->basis)));
	values_put(out, "says", values_text(sentence.data));
	values_put(out, "lr", ratios(d->verdict, o->row));
	values_put(out, "set_aside", set_aside(d, o->row));
	values_put(out, "n", json_integer(o->n));
	values_put(out, "of", json_integer(o->of));
	values_put(out, "source", values_text(row->source));
	values_put(out, "lines", lines);
	buf_free(&sentence);
	return out;
}

void
verdict_rows(json_t *evidence, json_t *against, const struct described *d)
{
	size_t order[ROW_COUNT];

	ranking_rows(order, d->verdict, d->observations, d->observations_n);
	for (size_t i = 0; i < d->observations_n; i++) {
		enum row row = d->observations[order[i]].row;

		values_append(ranking_pull(d->verdict, row) < 0 ? against : evidence,
			row_json(d, order[i]));
	}
}

/* Why the other cause is less likely: the row that parts the two most. */
static json_t *
because(const struct described *d, enum cause other)
{
	size_t best =
		ranking_parting(d->verdict, d->observations, d->observations_n, other);
	struct buf out = {0};
	json_t *json;

	if (best == SIZE_MAX)
		buf_puts(&out, "nothing that was observed tells the two apart");
	else
		evidence_sentence(&out, &d->observations[best]);
	json = values_text(out.data);
	buf_free(&out);
	return json;
}

json_t *
verdict_rows_alternatives(const struct described *d)
{
	json_t *out = values_must(json_array());
	size_t order[CAUSE_COUNT];

	ranking_causes(order, d->verdict);
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		json_t *one;

		if (order[i] == d->verdict->cause ||
			json_array_size(out) >= ALTERNATIVES)
			continue;
		one = values_must(json_object());
		values_put(one, "cause",
			values_text(evidence_cause_name((enum cause)order[i])));
		values_put(one, "probability",
			values_ppm(d->verdict->cause_ppm[order[i]]));
		values_put(one, "because", because(d, (enum cause)order[i]));
		values_append(out, one);
	}
	return out;
}
