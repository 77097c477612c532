#include "analyzer/analysis/steps.h"

#include <string.h>

#include "common/crypto.h"

/* Likelihood ratios in centinats: 100 x ln, rounded. D is one over X. */
enum {
	X1 = 0,
	X1_4 = 34,
	X1_7 = 53,
	X1_8 = 59,
	X1_9 = 64,
	X2 = 69,
	X3 = 110,
	X4 = 139,
	X4_2 = 144,
	X5 = 161,
	X6 = 179,
	X8 = 208,
	X10 = 230,
	X15 = 271,
	X20 = 300,
	X25 = 322,
	X30 = 340,
	X50 = 391,
	D1_7 = -53,
	D1_9 = -64,
	D2 = -69,
	D2_4 = -89,
	D2_5 = -92,
	D2_7 = -99,
	D3 = -110,
	D4_5 = -150,
	D4 = -139,
	D5 = -161,
	D7 = -195,
	D8 = -208,
	D10 = -230,
	D20 = -300,
	D50 = -391,
};

static const struct evidence_row rows[ROW_COUNT] = {
#define ROW(id_, group_, basis_, S, T, I, L, overrides, sentence_, source_)            \
	[ROW_##id_] = {                                                                \
		.id = #id_,                                                            \
		.group = GROUP_##group_,                                               \
		.basis = BASIS_##basis_,                                               \
		.sentence = sentence_,                                                 \
		.source = source_,                                                     \
	},
#include "analyzer/analysis/evidence.def"
};

/*
 * The prior is by class alone, the same for every country: what goes wrong is ordinary or
 * infrastructure nine times in ten (spontaneous glitches outnumber shutdowns).
 */
#define FIRST_OF(class, first, last) [CAUSE_##first... CAUSE_##last] = class
#define AT(cause, ratio) [CAUSE_##cause] = (ratio),

#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const struct weights official = {
	.prior_ppm = {[CLASS_shutdown] = 100000,
		[CLASS_throttling] = 50000,
		[CLASS_infrastructure] = 350000,
		[CLASS_ordinary] = 500000},
	.cap = {[0 ... GROUP_COUNT - 1] = X50},
	.lr =
		{
#define ROW(id, group, basis, S, T, I, L, overrides, sentence, source)                 \
	[ROW_##id] = {FIRST_OF(S, shutdown_full, shutdown_service),                    \
		FIRST_OF(T, throttling_downgrade, throttling_bytecap),                 \
		FIRST_OF(I, infrastructure_power, infrastructure_hazard),              \
		FIRST_OF(L, ordinary_congestion, ordinary_geoblocked), overrides},
#include "analyzer/analysis/evidence.def"
		},
};
#pragma GCC diagnostic pop

static const struct {
	enum class class;
	const char *name;
} causes[CAUSE_COUNT] = {
#define CAUSE(class, name, sentence) {CLASS_##class, #class "." #name},
#include "analyzer/analysis/evidence.def"
};

const struct weights *
evidence_weights(void)
{
	return &official;
}

bool
evidence_official(const struct weights *weights)
{
	return !memcmp(weights->prior_ppm, official.prior_ppm,
		       sizeof(official.prior_ppm)) &&
	       !memcmp(weights->cap, official.cap, sizeof(official.cap)) &&
	       !memcmp(weights->lr, official.lr, sizeof(official.lr));
}

int32_t
evidence_prior(const struct weights *weights, enum cause cause)
{
	enum class class = causes[cause].class;
	uint64_t alike = 0;

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		alike += causes[c].class == class;
	return -classify_log((uint64_t)weights->prior_ppm[class], 1000000 * alike);
}

const struct evidence_row *
evidence_row(enum row row)
{
	return &rows[row];
}

enum class evidence_class(enum cause cause) { return causes[cause].class; }

const char *
evidence_cause_name(enum cause cause)
{
	return causes[cause].name;
}

const char *evidence_class_name(enum class class)
{
	static const char *const names[] = {
		"shutdown", "throttling", "infrastructure", "ordinary"};

	return class < CLASS_COUNT ? names[class] : "insufficient";
}

const char *
evidence_basis_name(enum basis basis)
{
	static const char *const names[] = {"measured", "published", "judged"};

	return names[basis];
}

const char *
evidence_group_name(enum group group)
{
	static const char *const names[] = {
#define GROUP(name) #name,
#include "analyzer/analysis/evidence.def"
	};

	return names[group];
}

void
evidence_version(char out[static EVIDENCE_VERSION_BYTES], const struct weights *weights)
{
	struct buf text = {0};
	uint8_t hash[HASH_BYTES];

	for (size_t c = 0; c < CAUSE_COUNT; c++)
		buf_printf(&text, "%s %d\n", causes[c].name,
			weights->prior_ppm[causes[c].class]);
	for (size_t g = 0; g < GROUP_COUNT; g++)
		buf_printf(&text, "%s %d\n", evidence_group_name((enum group)g),
			weights->cap[g]);
	for (size_t r = 0; r < ROW_COUNT; r++) {
		buf_printf(&text, "%s %d %d %s", rows[r].id, (int)rows[r].group,
			(int)rows[r].basis, rows[r].sentence);
		for (size_t c = 0; c < CAUSE_COUNT; c++)
			buf_printf(&text, " %d", weights->lr[r][c]);
		buf_puts(&text, "\n");
	}
	crypto_sha256(hash, text.data, text.len);
	crypto_hex(out, hash, (EVIDENCE_VERSION_BYTES - 1) / 2);
	buf_free(&text);
}

void
evidence_sentence(struct buf *out, const struct observation *observation)
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
