#include "analyzer/analysis/weights.h"

#include <string.h>

#define COLUMNS 3
#define ONE 1000000 /* ratios and probabilities in millionths while they are read */
#define RATIO_MOST 10000
#define SHOWN 40 /* of what was not understood */

/* ---- numbers ---- */

/* "4.5" -> 4500000: at most RATIO_MOST, at most six digits behind the point. */
static bool
read_decimal(uint64_t *micro, struct span text)
{
	const char *dot = text.len ? memchr(text.at, '.', text.len) : NULL;
	struct span whole = {text.at, dot ? (size_t)(dot - text.at) : text.len};
	uint64_t unit = ONE / 10;

	if (!span_number(micro, whole, RATIO_MOST) ||
		(dot && dot + 1 == text.at + text.len))
		return false;
	*micro *= ONE;
	for (size_t i = whole.len + 1; i < text.len; i++, unit /= 10) {
		if (text.at[i] < '0' || text.at[i] > '9' || !unit)
			return false;
		*micro += (uint64_t)(text.at[i] - '0') * unit;
	}
	return *micro <= (uint64_t)RATIO_MOST * ONE;
}

static bool
read_ratio(int16_t *centinats, struct span text)
{
	bool against = span_skip(&text, "D");
	uint64_t micro;

	if (!against)
		span_skip(&text, "X");
	if (!read_decimal(&micro, text) || micro * RATIO_MOST < ONE)
		return false;
	*centinats = (int16_t)(micro < ONE ? -classify_log(micro, ONE)
					   : classify_log(ONE, micro));
	if (against)
		*centinats = (int16_t) - *centinats;
	return true;
}

/* Of the decimals that count as this many centinats the shortest. */
static void
print_ratio(struct buf *out, int16_t centinats)
{
	int32_t x = centinats < 0 ? -centinats : centinats;
	uint64_t scale = 1, n = 1;

	for (; scale <= ONE; scale *= 10) {
		n = ((scale << 32) + classify_exp(x) / 2) / classify_exp(x);
		if (classify_log(scale, n) == x)
			break;
	}
	buf_printf(out, "%c%llu", centinats < 0 ? 'D' : 'X',
		(unsigned long long)(n / scale));
	for (const char *before = "."; n % scale; before = "") {
		n = n % scale * 10;
		buf_printf(out, "%s%llu", before, (unsigned long long)(n / scale));
	}
}

static void
print_probability(struct buf *out, int32_t ppm)
{
	int32_t left = ppm % ONE;

	buf_printf(out, "%d%s", ppm / ONE, left ? "." : "");
	for (int32_t unit = ONE / 10; left; unit /= 10) {
		buf_printf(out, "%d", left / unit);
		left %= unit;
	}
}

/* ---- reading ---- */

struct reading {
	struct weights *weights;
	struct buf *why;
	uint64_t prior_line; /* the last one that gave a prior; 0 none */
	bool prior[CLASS_COUNT], cap[GROUP_COUNT]; /* what had its line */
	bool class[ROW_COUNT][CLASS_COUNT], cause[ROW_COUNT][CAUSE_COUNT];
};

/* Words of a file, fit for a sentence. */
static void
refuse(struct reading *r, const char *before, struct span word, const char *after)
{
	buf_puts(r->why, before);
	for (size_t i = 0; i < word.len && i < SHOWN; i++)
		buf_printf(r->why, "%c",
			word.at[i] < ' ' || word.at[i] > '~' ? '?' : word.at[i]);
	buf_printf(r->why, "%s%s", word.len > SHOWN ? "..." : "", after);
}

static bool
once(struct reading *r, bool *had, struct span what)
{
	if (*had)
		refuse(r, "'", what, "' of this row was given before");
	*had = true;
	return !r->why->len;
}

static enum class find_class(struct span name) {
	size_t c = 0;

	while (c < CLASS_COUNT && !span_is(name, evidence_class_name((enum class)c)))
		c++;
	return (enum class)c;
}

static void
read_prior(struct reading *r, struct span class_name, struct span value)
{
	enum class class = find_class(class_name);
	uint64_t ppm;

	if (class == CLASS_COUNT)
		refuse(r, "'", class_name, "' is no class");
	else if (!read_decimal(&ppm, value) || !ppm || ppm >= ONE)
		refuse(r, "'", value,
			"' is no probability above 0 and below 1, with six digits at "
			"most behind the point");
	else if (once(r, &r->prior[class], class_name))
		r->weights->prior_ppm[class] = (int32_t)ppm;
}

static void
read_cap(struct reading *r, struct span group_name, struct span value)
{
	size_t g = 0;
	int16_t centinats;

	while (g < GROUP_COUNT &&
		!span_is(group_name, evidence_group_name((enum group)g)))
		g++;
	if (g == GROUP_COUNT)
		refuse(r, "'", group_name, "' is no group of rows");
	else if (!read_ratio(&centinats, value) || centinats < 0)
		refuse(r, "'", value, "' is no cap such as X50, from X1 to X10000");
	else if (once(r, &r->cap[g], group_name))
		r->weights->cap[g] = centinats;
}

static void
put_ratio(struct reading *r, enum row row, struct span of, int16_t lr)
{
	enum class class = find_class(of);
	size_t c = 0;

	if (class != CLASS_COUNT) {
		if (!once(r, &r->class[row][class], of))
			return;
		for (; c < CAUSE_COUNT; c++)
			if (evidence_class((enum cause)c) == class && !r->cause[row][c])
				r->weights->lr[row][c] = lr;
		return;
	}
	while (c < CAUSE_COUNT && !span_is(of, evidence_cause_name((enum cause)c)))
		c++;
	if (c == CAUSE_COUNT)
		refuse(r, "'", of, "' is no class and no cause");
	else if (once(r, &r->cause[row][c], of))
		r->weights->lr[row][c] = lr;
}

static void
read_line(struct reading *r, struct span line)
{
	struct span column[COLUMNS];
	int16_t lr;
	size_t row = 0;

	if (!span_columns(column, COLUMNS, line)) {
		refuse(r, "'", line,
			"' has not three columns, as in 7,shutdown.mobile,X25");
		return;
	}
	if (span_is(column[0], "prior")) {
		read_prior(r, column[1], column[2]);
		return;
	}
	if (span_is(column[0], "cap")) {
		read_cap(r, column[1], column[2]);
		return;
	}
	while (row < ROW_COUNT && !span_is(column[0], evidence_row((enum row)row)->id))
		row++;
	if (row == ROW_COUNT)
		refuse(r, "there is no row '", column[0], "' in the table of evidence");
	else if (!read_ratio(&lr, column[2]))
		refuse(r, "'", column[2],
			"' is no ratio such as X10, D10 or 0.1, from D10000 to X10000");
	else
		put_ratio(r, (enum row)row, column[1], lr);
}

static void
check_priors(struct reading *r)
{
	int64_t all = 0;
	struct buf sum = {0};

	for (size_t c = 0; c < CLASS_COUNT; c++)
		all += r->weights->prior_ppm[c];
	if (all == ONE)
		return;
	print_probability(&sum, (int32_t)all);
	refuse(r, "the priors of the four classes add up to ", buf_span(&sum),
		", not to 1");
	buf_free(&sum);
}

enum err
weights_read(struct weights *weights, struct span text, uint64_t *line, struct buf *why)
{
	struct reading r = {.weights = weights, .why = why};
	struct span rest = text, one;

	*line = 0;
	while (!why->len && span_written_line(&one, &rest)) {
		++*line;
		if (!one.len || one.at[0] == '#')
			continue;
		if (span_skip(&(struct span){one.at, one.len}, "prior,"))
			r.prior_line = *line;
		read_line(&r, one);
	}
	if (!why->len) {
		*line = r.prior_line;
		check_priors(&r);
	}
	return why->len ? ERR_FORMAT : OK;
}

/* ---- printing ---- */

/* What most causes of the class have; of equally many, what the first of them has. */
static int16_t
usual_ratio(const int16_t lr[CAUSE_COUNT], enum class class)
{
	int16_t usual = 0;
	size_t most = 0;

	for (size_t c = 0; c < CAUSE_COUNT; c++) {
		size_t n = 0;

		for (size_t k = 0; k < CAUSE_COUNT; k++)
			n += evidence_class((enum cause)c) == class &&
			     evidence_class((enum cause)k) == class && lr[k] == lr[c];
		if (n > most) {
			most = n;
			usual = lr[c];
		}
	}
	return usual;
}

static void
print_line(struct buf *out, const char *subject, const char *of, int16_t ratio)
{
	buf_printf(out, "%s,%s,", subject, of);
	print_ratio(out, ratio);
	buf_puts(out, "\n");
}

static void
print_row(struct buf *out, const struct weights *weights, enum row r)
{
	const struct evidence_row *row = evidence_row(r);
	const int16_t *lr = weights->lr[r];

	buf_printf(out, "\n# %s (group %s, %s): %s\n", row->id,
		evidence_group_name(row->group), evidence_basis_name(row->basis),
		row->sentence);
	for (size_t class = 0; class < CLASS_COUNT; class ++) {
		int16_t usual = usual_ratio(lr, (enum class) class);

		print_line(
			out, row->id, evidence_class_name((enum class) class), usual);
		for (size_t c = 0; c < CAUSE_COUNT; c++)
			if (evidence_class((enum cause)c) == (enum class) class &&
				lr[c] != usual)
				print_line(out, row->id,
					evidence_cause_name((enum cause)c), lr[c]);
	}
}

void
weights_print(struct buf *out, const struct weights *weights)
{
	char version[EVIDENCE_VERSION_BYTES];

	evidence_version(version, weights);
	buf_printf(out,
		"# The table of evidence, version %s%s.\n"
		"# X10: seen ten times as often if this is the cause than if not; D10: "
		"a "
		"tenth as often;\n"
		"# X1 says nothing. Change what you disagree with; a line that is left "
		"out stays as it is.\n"
		"# A cause that has no line of its own has what its class has.\n\n",
		version, evidence_official(weights) ? "" : ", unofficial");
	for (size_t c = 0; c < CLASS_COUNT; c++) {
		buf_printf(out, "prior,%s,", evidence_class_name((enum class)c));
		print_probability(out, weights->prior_ppm[c]);
		buf_puts(out, "\n");
	}
	buf_puts(out,
		"\n# Of the rows of one group only the strongest counts, and never "
		"more than this.\n");
	for (size_t g = 0; g < GROUP_COUNT; g++)
		print_line(out, "cap", evidence_group_name((enum group)g),
			weights->cap[g]);
	for (size_t r = 0; r < ROW_COUNT; r++)
		print_row(out, weights, (enum row)r);
}
