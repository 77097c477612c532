#include <string.h>

#include "common/log.h"
#include "tests/world/course.h"
#include "tests/world/tokens.h"

#define COURSE_TOKENS 60

enum what { NOTHING, LASTS, RISES, REPEATS, ENDLESS, DAYS, WITHIN };
static const struct {
	const char *text;
	enum what what;
	int value;
} words[] = {
	{"permanent", ENDLESS, 6},
	{"none", ENDLESS, 0},
	{"weeks", LASTS, 8},
	{"days", LASTS, 3},
	{"months", LASTS, 10},
	{"step", RISES, RISE_STEP},
	{"steps", RISES, RISE_STAGES},
	{"staged", RISES, RISE_STAGES},
	{"reverse", RISES, RISE_STAGES},
	{"reroute", RISES, RISE_STAGES},
	{"region", RISES, RISE_STAGES},
	{"regions", RISES, RISE_STAGES},
	{"linear", RISES, RISE_LINEAR},
	{"slow", RISES, RISE_LINEAR},
	{"gradual", RISES, RISE_LINEAR},
	{"rebuilt", RISES, RISE_LINEAR},
	{"windows", RISES, RISE_WINDOWS},
	{"flapping", RISES, RISE_WINDOWS},
	{"daily", REPEATS, REPEAT_DAILY},
	{"nightly", REPEATS, REPEAT_DAILY},
	{"weekly", REPEATS, REPEAT_WEEKLY},
	{"irregular", REPEATS, REPEAT_IRREGULAR},
	{"dates", REPEATS, REPEAT_IRREGULAR},
	{"in", WITHIN, 0},
	{"mon", DAYS, 0},
	{"tue", DAYS, 1},
	{"wed", DAYS, 2},
	{"thu", DAYS, 3},
	{"fri", DAYS, 4},
	{"sat", DAYS, 5},
	{"sun", DAYS, 6},
	{"at", NOTHING, 0},
	{"over", NOTHING, 0},
	{"by", NOTHING, 0},
	{"order", NOTHING, 0},
	{"then", NOTHING, 0},
	{"after", NOTHING, 0},
	{"once", NOTHING, 0},
	{"any", NOTHING, 0},
	{"elsewhere", NOTHING, 0},
};

/* The length of the story of a long one, which stands in a remark: "550 d (sim 10 d)". */
static bool
simulated(struct course *course, struct span cell)
{
	struct token tokens[8];
	struct span rest = cell;

	while (rest.len > 4 && strncmp(rest.at, "(sim", 4) != 0) {
		rest.at++;
		rest.len--;
	}
	if (rest.len <= 4)
		return false;
	rest.at += 4;
	rest.len -= 4;
	if (tokens_read(tokens, 8, rest) < 1 || tokens[0].kind != TOKEN_NUMBER ||
		tokens[0].unit != UNIT_S)
		return false;
	course->low_s = course->high_s = tokens[0].low;
	return true;
}

static void
see_number(struct course *course, const struct token *t, size_t field)
{
	if (field == 0 && t->unit == UNIT_S && t->high > course->high_s) {
		course->said = true;
		course->low_s = t->low;
		course->high_s = t->high;
	} else if (field == 1 && t->unit == UNIT_S) {
		course->rise_s = t->high;
	} else if (field >= 2 && t->unit == UNIT_S) {
		course->within_s = t->high;
	} else if (field >= 2 && t->low >= 1 && t->low <= 1000) {
		course->times = (unsigned int)t->low;
	}
}

static void
see_rise(struct course *course, enum rise rise)
{
	if (!course->rise_said || rise != RISE_STEP)
		course->rise = rise;
	course->rise_said = true;
}

/* False: the word says nothing that is known. */
static bool
see_word(struct course *course, const char *text, size_t field)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		int value = words[i].value;

		if (strcmp(words[i].text, text) != 0)
			continue;
		if (words[i].what == RISES && field > 0) {
			see_rise(course, (enum rise)value);
		} else if (words[i].what == REPEATS) {
			course->repeat = (enum repeat)value;
		} else if (words[i].what == DAYS) {
			course->weekday = value;
		} else if (words[i].what == ENDLESS && (value || field == 1)) {
			course->open = true;
			if (!course->said)
				course->low_s = course->high_s = 6 * DAY_S;
			course->said = true;
		} else if (words[i].what == LASTS && !course->said) {
			course->said = true;
			course->low_s = course->high_s = value * DAY_S;
		}
		return true;
	}
	return field == 0 && strcmp(text, "d") == 0;
}

static void
complain(struct complaint *complaint, const char *word)
{
	complaint->n++;
	log_error("%s:%u: %s: not understood and left out: %s", complaint->path,
		complaint->line, complaint->column, word);
}

/* "step after midnight" has no clock but means one. */
static void
read_field(struct course *course, struct span cell, size_t field,
	struct complaint *complaint)
{
	struct token tokens[COURSE_TOKENS];
	size_t n = tokens_read(tokens, COURSE_TOKENS, cell);

	for (size_t i = 0; i < n; i++) {
		const struct token *t = &tokens[i];

		if (t->kind == TOKEN_NUMBER)
			see_number(course, t, field);
		else if (t->kind == TOKEN_CLOCK)
			course->end_clock_min = (int)t->low % 1440;
		else if (t->kind == TOKEN_WORD && strcmp(t->word, "midnight") == 0)
			course->end_clock_min = 4;
		else if (t->kind == TOKEN_WORD && !see_word(course, t->word, field))
			complain(complaint, t->word);
	}
}

static void
defaults(struct course *course)
{
	if (course->repeat != REPEAT_ONCE && !course->times)
		course->times = 5;
	if (course->rise != RISE_STEP && course->rise_s <= 0)
		course->rise_s = course->high_s / 3;
}

void
course_read(struct course *course, struct span cell, struct complaint *complaint)
{
	size_t field = 0;

	*course = (struct course){.end_clock_min = -1, .weekday = -1};
	while (cell.len) {
		const char *slash = memchr(cell.at, '/', cell.len);
		struct span one = cell;

		if (slash)
			one.len = (size_t)(slash - cell.at);
		read_field(course, one, field++, complaint);
		if (field == 1 && simulated(course, one))
			course->said = true;
		cell.at += one.len + (slash != NULL);
		cell.len -= one.len + (slash != NULL);
	}
	defaults(course);
}

const struct course *
course_of(const struct part *part)
{
	return part->course.said ? &part->course : &part->default_course;
}
