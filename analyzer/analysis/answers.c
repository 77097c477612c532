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
	return (s->check == CHECK_dns || s->check == CHECK_http) && s->answer &&
	       s->target != NO_TARGET;
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
	size_t kept = 0;

	*answers = (struct answers){0};
	for (size_t i = 0; i < record->samples_n; i++) {
		const struct sample *s = &record->samples[i];

		if (!record->probes[s->probe].control)
			continue;
		outside_add(&answers->outside, s);
		if (!has_answer(s))
			continue;
		if (answers->n == answers->cap)
			answers->rows = grow(answers->rows, &answers->cap);
		answers->rows[answers->n++] = (struct answer){s->answer, s->target};
	}
	if (answers->n)
		qsort(answers->rows, answers->n, sizeof(*answers->rows), order);
	for (size_t i = 0; i < answers->n; i++)
		if (!kept || order(&answers->rows[kept - 1], &answers->rows[i]))
			answers->rows[kept++] = answers->rows[i];
	answers->n = kept;
	(void)outside_settle(&answers->outside); /* of nothing before */
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
	outside_close(&answers->outside);
	*answers = (struct answers){0};
}

/* Where in the order it stands, or would. */
static size_t
place_of(const struct answers *answers, const struct answer *wanted)
{
	size_t low = 0, high = answers->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&answers->rows[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct answers *answers, size_t at, const struct answer *wanted)
{
	return at < answers->n && !order(&answers->rows[at], wanted);
}

bool
answers_add(struct answers *answers, const struct sample *sample)
{
	struct answer row = {sample->answer, sample->target};
	size_t at;

	if (!has_answer(sample))
		return false;
	at = place_of(answers, &row);
	if (is_at(answers, at, &row))
		return false;
	if (answers->n == answers->cap)
		answers->rows = grow(answers->rows, &answers->cap);
	memmove(&answers->rows[at + 1], &answers->rows[at],
		(answers->n - at) * sizeof(row));
	answers->rows[at] = row;
	answers->n++;
	return true;
}

static int
agree(const struct answers *answers, const struct answer *wanted)
{
	size_t at = place_of(answers, wanted);

	if (is_at(answers, at, wanted))
		return 1;
	/* Its neighbours in the order tell whether the target has any row. */
	if ((at < answers->n && answers->rows[at].target == wanted->target) ||
		(at && answers->rows[at - 1].target == wanted->target))
		return 0;
	return -1;
}

int
answers_agree(const struct answers *answers, const struct sample *sample)
{
	struct answer wanted = {sample->answer, sample->target};

	return has_answer(sample) ? agree(answers, &wanted) : -1;
}

bool
answers_differ(
	const struct answers *a, const struct answers *b, const struct answers *told)
{
	for (size_t i = 0; i < told->n; i++)
		if (agree(a, &told->rows[i]) != agree(b, &told->rows[i]))
			return true;
	return false;
}
