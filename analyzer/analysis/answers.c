#include "analyzer/analysis/answers.h"

#include <stdlib.h>
#include <string.h>

static int
order(const void *left, const void *right)
{
	const struct answer *a = left, *b = right;

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	return a->text < b->text ? -1 : a->text > b->text;
}

static bool
has_answer(const struct sample *s)
{
	return s->check == CHECK_dns && s->answer && s->target != NO_TARGET;
}

static struct answer *
grow(struct answer *rows, size_t *cap)
{
	*cap = *cap ? *cap * 2 : 64;
	rows = realloc(rows, *cap * sizeof(*rows));
	if (!rows)
		abort();
	return rows;
}

void
answers_open(struct answers *answers, const struct record *record)
{
	size_t kept = 0, cap = 0;

	*answers = (struct answers){0};
	for (size_t i = 0; i < record->samples_n; i++) {
		const struct sample *s = &record->samples[i];

		if (!record->probes[s->probe].control || !has_answer(s))
			continue;
		if (answers->n == cap)
			answers->rows = grow(answers->rows, &cap);
		answers->rows[answers->n++] = (struct answer){s->answer, s->target};
	}
	if (answers->n)
		qsort(answers->rows, answers->n, sizeof(*answers->rows), order);
	for (size_t i = 0; i < answers->n; i++)
		if (!kept || order(&answers->rows[kept - 1], &answers->rows[i]))
			answers->rows[kept++] = answers->rows[i];
	answers->n = kept;
}

const struct answers *
answers_of(struct answers *mine, const struct record *record)
{
	*mine = (struct answers){0};
	if (record->answers)
		return record->answers;
	answers_open(mine, record);
	return mine;
}

void
answers_close(struct answers *answers)
{
	free(answers->rows);
	*answers = (struct answers){0};
}

int
answers_agree(const struct answers *answers, const struct sample *sample)
{
	struct answer wanted = {sample->answer, sample->target};
	size_t low = 0, high = answers->n;

	if (!has_answer(sample))
		return -1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&answers->rows[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < answers->n && !order(&answers->rows[low], &wanted))
		return 1;
	/* Its neighbours in the order tell whether the target has any row. */
	if ((low < answers->n && answers->rows[low].target == sample->target) ||
		(low && answers->rows[low - 1].target == sample->target))
		return 0;
	return -1;
}
