#include "analyzer/analysis/steps.h"

#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"

/* Likelihood ratios in centinats: 100 x ln, rounded. D is one over X. */
enum {
	X1 = 0,
	X1_4 = 34,
	X1_7 = 53,
	X2 = 69,
	X3 = 110,
	X4 = 139,
	X5 = 161,
	X6 = 179,
	X8 = 208,
	X10 = 230,
	X15 = 271,
	X20 = 300,
	X30 = 340,
	X50 = 391,
	D2 = -69,
	D3 = -110,
	D4_5 = -150,
	D5 = -161,
	D7 = -195,
	D10 = -230,
	D20 = -300,
	D50 = -391,
};

#define FIRST_OF(class, first, last) [CAUSE_##first... CAUSE_##last] = class
#define AT(cause, ratio) [CAUSE_##cause] = (ratio),

#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const struct evidence_row rows[ROW_COUNT] = {
#define ROW(id_, group_, basis_, S, T, I, L, overrides, sentence_, source_)            \
	[ROW_##id_] = {                                                                \
		.id = #id_,                                                            \
		.group = GROUP_##group_,                                               \
		.basis = BASIS_##basis_,                                               \
		.lr = {FIRST_OF(S, shutdown_full, shutdown_service),                   \
			FIRST_OF(T, throttling_downgrade, throttling_bytecap),         \
			FIRST_OF(I, infrastructure_power, infrastructure_hazard),      \
			FIRST_OF(L, ordinary_congestion, ordinary_geoblocked),         \
			overrides},                                                    \
		.sentence = sentence_,                                                 \
		.source = source_,                                                     \
	},
#include "analyzer/analysis/evidence.def"
};
#pragma GCC diagnostic pop

static const struct {
	enum class class;
	const char *name;
} causes[CAUSE_COUNT] = {
#define CAUSE(class, name, sentence) {CLASS_##class, #class "." #name},
#include "analyzer/analysis/evidence.def"
};

/*
 * The prior is by class alone, the same for every country: what goes wrong is ordinary or
 * infrastructure nine times in ten (spontaneous glitches outnumber shutdowns). Inside a
 * class every cause is alike: 100 ln(.10/6), 100 ln(.05/5), 100 ln(.35/7), 100 ln(.50/5).
 */
static const int32_t class_prior[CLASS_COUNT] = {-409, -461, -300, -230};

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

const struct evidence_row *
evidence_row(enum row row)
{
	return &rows[row];
}

enum class cause_class(enum cause cause) { return causes[cause].class; }

const char *
cause_name(enum cause cause)
{
	return causes[cause].name;
}

const char *class_name(enum class class)
{
	static const char *const names[] = {
		"shutdown", "throttling", "infrastructure", "ordinary"};

	return class < CLASS_COUNT ? names[class] : "insufficient";
}

const char *
basis_name(enum basis basis)
{
	static const char *const names[] = {"measured", "published", "judged"};

	return names[basis];
}

void
evidence_version(char out[static EVIDENCE_VERSION_BYTES])
{
	struct buf text = {0};
	uint8_t hash[HASH_BYTES];

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		buf_printf(
			&text, "%s %d\n", causes[c].name, class_prior[causes[c].class]);
	for (size_t r = 0; r < ROW_COUNT; r++) {
		buf_printf(&text, "%s %d %d %s", rows[r].id, (int)rows[r].group,
			(int)rows[r].basis, rows[r].sentence);
		for (size_t c = 0; c < CAUSE_COUNT; c++)
			buf_printf(&text, " %d", rows[r].lr[c]);
		buf_puts(&text, "\n");
	}
	crypto_sha256(hash, text.data, text.len);
	crypto_hex(out, hash, (EVIDENCE_VERSION_BYTES - 1) / 2);
	buf_free(&text);
}

uint64_t
centinats_exp(int64_t x)
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

/* For one cause: of each group the row that moves it furthest. */
static void
count_rows(int16_t counted[ROW_COUNT], enum cause cause,
	const struct observation *observations, size_t n, bool with_judged)
{
	int strongest[GROUP_COUNT];

	memset(counted, 0, ROW_COUNT * sizeof(*counted));
	for (size_t g = 0; g < GROUP_COUNT; g++)
		strongest[g] = -1;
	for (size_t i = 0; i < n; i++) {
		enum row row = observations[i].row;
		int *best = &strongest[rows[row].group];

		if (!with_judged && rows[row].basis == BASIS_judged)
			continue;
		if (*best < 0 || abs(rows[row].lr[cause]) > abs(rows[*best].lr[cause]))
			*best = (int)row;
	}
	for (size_t g = 0; g < GROUP_COUNT; g++) {
		int lr = strongest[g] < 0 ? 0 : rows[strongest[g]].lr[cause];

		if (lr > GROUP_CAP_CENTINATS)
			lr = GROUP_CAP_CENTINATS;
		if (lr < -GROUP_CAP_CENTINATS)
			lr = -GROUP_CAP_CENTINATS;
		if (strongest[g] >= 0)
			counted[strongest[g]] = (int16_t)lr;
	}
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
		weight[c] = centinats_exp(sum[top] - sum[c]);
		all += weight[c];
	}
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		ppm[c] = (int32_t)((unsigned __int128)weight[c] * 1000000 / all);
		left -= ppm[c];
	}
	ppm[top] += left;
}

static void
by_class(int32_t class_ppm[CLASS_COUNT], const int32_t cause_ppm[CAUSE_COUNT])
{
	memset(class_ppm, 0, CLASS_COUNT * sizeof(*class_ppm));
	for (size_t c = 0; c < CAUSE_COUNT; c++)
		class_ppm[causes[c].class] += cause_ppm[c];
}

static void
choose(struct verdict *v, size_t observations_n)
{
	for (size_t c = 1; c < CLASS_COUNT; c++)
		if (v->class_ppm[c] > v->class_ppm[v->class])
			v->class = (enum class)c;
	v->cause = CAUSE_COUNT;
	for (size_t c = 0; c < CAUSE_COUNT; c++)
		if (causes[c].class == v->class &&
			(v->cause == CAUSE_COUNT ||
				v->cause_ppm[c] > v->cause_ppm[v->cause]))
			v->cause = (enum cause)c;
	v->insufficient = !observations_n || v->class_ppm[v->class] < CLASS_LEAST_PPM;
	v->deliberate_ppm =
		v->class_ppm[CLASS_shutdown] + v->class_ppm[CLASS_throttling];
}

void
classify(struct verdict *verdict, const struct observation *observations, size_t n)
{
	int32_t measured_sum[CAUSE_COUNT], measured_ppm[CAUSE_COUNT];

	memset(verdict, 0, sizeof(*verdict));
	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		int16_t counted[ROW_COUNT], measured[ROW_COUNT];

		count_rows(counted, (enum cause)c, observations, n, true);
		count_rows(measured, (enum cause)c, observations, n, false);
		verdict->prior[c] = class_prior[causes[c].class];
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

void
observation_sentence(struct buf *out, const struct observation *observation)
{
	const char *at = rows[observation->row].sentence;

	while (*at) {
		size_t plain = strcspn(at, "{");

		buf_add(out, at, plain);
		at += plain;
		if (!strncmp(at, "{n}", 3))
			buf_printf(out, "%u", observation->n), at += 3;
		else if (!strncmp(at, "{of}", 4))
			buf_printf(out, "%u", observation->of), at += 4;
		else if (!strncmp(at, "{value}", 7))
			buf_printf(out, "%lld", (long long)observation->value), at += 7;
		else if (!strncmp(at, "{other}", 7))
			buf_printf(out, "%lld", (long long)observation->other), at += 7;
		else if (*at)
			buf_add(out, at++, 1);
	}
}
