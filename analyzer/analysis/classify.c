#include "analyzer/analysis/steps.h"

#include <stdlib.h>
#include <string.h>

/* exp(-2^k/100) in units of 2^-62. */
static const uint64_t powers[] = {
	4565798975847398155,
	4520368516969838309,
	4430859223191460502,
	4257122748013021823,
	3929819597265215452,
	3348771361567251389,
	2431707099582012465,
	1282220731101290222,
	356505190660523671,
	27559541230700871,
	164696449370529,
	5881779533,
};

uint64_t
classify_exp(int64_t x)
{
	uint64_t value = (uint64_t)1 << 62;
	size_t count = sizeof(powers) / sizeof(powers[0]);

	if (x >= (int64_t)1 << count)
		return 0;
	for (size_t k = 0; k < count; k++)
		if (x >> k & 1)
			value = (uint64_t)((unsigned __int128)value * powers[k] >> 62);
	return value >> 30;
}

/* Both sides squared: where the value lies between two of the table, the nearer of the two
 * logarithms is that on whose side of their geometric mean it is. */
int32_t
classify_log(uint64_t part, uint64_t whole)
{
	uint64_t value = (part << 32) / whole;
	int32_t x = 0;

	for (int32_t step = 1 << 11; step; step >>= 1)
		if (classify_exp(x + step) >= value)
			x += step;
	return (unsigned __int128)value * value <
			       (unsigned __int128)classify_exp(x) * classify_exp(x + 1)
		       ? x + 1
		       : x;
}

static int16_t
capped(int16_t lr, int16_t cap)
{
	if (lr > cap)
		return cap;
	return lr < -cap ? (int16_t)-cap : lr;
}

/* For one cause: of each group the row that moves it furthest. */
static void
count_rows(int16_t counted[ROW_COUNT], enum cause cause,
	const struct observation *observations, size_t n, bool with_judged,
	const struct weights *weights)
{
	int strongest[GROUP_COUNT];

	memset(counted, 0, ROW_COUNT * sizeof(*counted));
	for (size_t g = 0; g < GROUP_COUNT; g++)
		strongest[g] = -1;
	for (size_t i = 0; i < n; i++) {
		enum row row = observations[i].row;
		int *best = &strongest[evidence_row(row)->group];

		if (!with_judged && evidence_row(row)->basis == BASIS_judged)
			continue;
		if (*best < 0 ||
			abs(weights->lr[row][cause]) > abs(weights->lr[*best][cause]))
			*best = (int)row;
	}
	for (size_t g = 0; g < GROUP_COUNT; g++)
		if (strongest[g] >= 0)
			counted[strongest[g]] = capped(
				weights->lr[strongest[g]][cause], weights->cap[g]);
}

/* Log-odds -> parts per million that sum to a million; the largest takes the rest. */
static void
normalise(int32_t ppm[CAUSE_COUNT], const int32_t sum[CAUSE_COUNT])
{
	uint64_t weight[CAUSE_COUNT], all = 0;
	size_t top = 0;
	int32_t left = 1000000;

	for (size_t c = 1; c < CAUSE_COUNT; c++)
		if (sum[c] > sum[top])
			top = c;
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		weight[c] = classify_exp(sum[top] - sum[c]);
		all += weight[c];
	}
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		ppm[c] = (int32_t)(weight[c] * 1000000 / all);
		left -= ppm[c];
	}
	ppm[top] += left;
}

static void
by_class(int32_t class_ppm[CLASS_COUNT], const int32_t cause_ppm[CAUSE_COUNT])
{
	memset(class_ppm, 0, CLASS_COUNT * sizeof(*class_ppm));
	for (size_t c = 0; c < CAUSE_COUNT; c++)
		class_ppm[evidence_class((enum cause)c)] += cause_ppm[c];
}

static void
choose(struct verdict *v, size_t observations_n)
{
	for (size_t c = 1; c < CLASS_COUNT; c++)
		if (v->class_ppm[c] > v->class_ppm[v->class])
			v->class = (enum class)c;
	v->cause = CAUSE_COUNT;
	for (size_t c = 0; c < CAUSE_COUNT; c++)
		if (evidence_class((enum cause)c) == v->class &&
			(v->cause == CAUSE_COUNT ||
				v->cause_ppm[c] > v->cause_ppm[v->cause]))
			v->cause = (enum cause)c;
	v->insufficient = !observations_n || v->class_ppm[v->class] < CLASS_LEAST_PPM;
	v->deliberate_ppm =
		v->class_ppm[CLASS_shutdown] + v->class_ppm[CLASS_throttling];
}

void
classify(struct verdict *verdict, const struct observation *observations, size_t n,
	const struct weights *weights)
{
	int32_t measured_sum[CAUSE_COUNT], measured_ppm[CAUSE_COUNT];

	memset(verdict, 0, sizeof(*verdict));
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		int16_t counted[ROW_COUNT], measured[ROW_COUNT];

		count_rows(counted, (enum cause)c, observations, n, true, weights);
		count_rows(measured, (enum cause)c, observations, n, false, weights);
		verdict->prior[c] = evidence_prior(weights, (enum cause)c);
		verdict->sum[c] = measured_sum[c] = verdict->prior[c];
		for (size_t r = 0; r < ROW_COUNT; r++) {
			verdict->sum[c] += counted[r];
			measured_sum[c] += measured[r];
			verdict->counted[r][c] = counted[r];
		}
	}
	normalise(verdict->cause_ppm, verdict->sum);
	normalise(measured_ppm, measured_sum);
	by_class(verdict->class_ppm, verdict->cause_ppm);
	by_class(verdict->measured_ppm, measured_ppm);
	choose(verdict, n);
}
