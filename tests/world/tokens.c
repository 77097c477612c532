#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "tests/world/tokens.h"

#define NUMBER_MOST 1e12

static const struct {
	const char *text;
	enum unit unit;
	double times;
} units[] = {
#define UNIT(text, unit, times) {text, UNIT_##unit, times},
#include "tests/world/units.def"
};

static int
peek(struct span rest, size_t at)
{
	return at < rest.len ? (unsigned char)rest.at[at] : 0;
}

static void
step(struct span *rest, size_t n)
{
	rest->at += n;
	rest->len -= n;
}

/* "1,500" has a comma in it, "F1 0, others" none. */
static bool
is_thousands(struct span rest)
{
	return peek(rest, 0) == ',' && isdigit(peek(rest, 1)) &&
	       isdigit(peek(rest, 2)) && isdigit(peek(rest, 3)) &&
	       !isdigit(peek(rest, 4));
}

static double
digits(struct span *rest)
{
	double value = 0, place = 1;
	bool fraction = false;

	for (; rest->len; step(rest, 1)) {
		int c = peek(*rest, 0);

		if (c == '.' && !fraction && isdigit(peek(*rest, 1))) {
			fraction = true;
		} else if (isdigit(c) && fraction) {
			place /= 10;
			value += (c - '0') * place;
		} else if (isdigit(c) && value < NUMBER_MOST) {
			value = value * 10 + (c - '0');
		} else if (!isdigit(c) && !is_thousands(*rest)) {
			break;
		}
	}
	return value;
}

/* The unit behind a number, also behind one space; its length, 0 none. */
static size_t
unit_behind(struct token *token, double *times, struct span rest)
{
	size_t from = peek(rest, 0) == ' ', n = from;

	if (peek(rest, n) == '%') {
		n++;
	} else {
		while (isalpha(peek(rest, n)) ||
			(n > from && peek(rest, n) == '/' && peek(rest, n + 1) == 's' &&
				!isalpha(peek(rest, n + 2))))
			n++;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t length = strlen(units[i].text);

		if (length != n - from ||
			strncasecmp(rest.at + from, units[i].text, length) != 0)
			continue;
		token->unit = units[i].unit;
		*times = units[i].times;
		return n;
	}
	return 0;
}

/* "0-30", "10..90": how many bytes stand between the two numbers; 0: there is no second. */
static size_t
range_mark(struct span rest)
{
	size_t n = peek(rest, 0) == ' ';

	if (peek(rest, n) == '.' && peek(rest, n + 1) == '.') {
		n += 2;
		n += peek(rest, n) == ' ';
		n += peek(rest, n) == '-';
		return isdigit(peek(rest, n)) ? n : 0;
	}
	if (n == 0 && peek(rest, 0) == '-' && isdigit(peek(rest, 1)))
		return 1;
	return n == 1 && peek(rest, 1) == '-' && peek(rest, 2) == ' ' &&
			       isdigit(peek(rest, 3))
		       ? 3
		       : 0;
}

static double
clock_digits(struct span *rest)
{
	double hour = digits(rest);

	step(rest, 1);
	return hour * 60 + digits(rest);
}

static bool
is_clock(struct span rest)
{
	size_t n = 1 + (isdigit(peek(rest, 1)) != 0);

	return isdigit(peek(rest, 0)) && peek(rest, n) == ':' &&
	       isdigit(peek(rest, n + 1)) && isdigit(peek(rest, n + 2)) &&
	       !isdigit(peek(rest, n + 3));
}

static void
read_number(struct token *token, struct span *rest)
{
	double times = 1, low_times = 1;
	size_t n;

	token->kind = TOKEN_NUMBER;
	token->low = token->high = digits(rest);
	n = unit_behind(token, &low_times, *rest);
	step(rest, n);
	times = low_times;
	n = range_mark(*rest);
	if (n && !is_clock((struct span){rest->at + n, rest->len - n})) {
		step(rest, n);
		token->high = digits(rest);
		step(rest, unit_behind(token, &times, *rest));
		/* "0-30 min": the unit at the end is that of both. */
		if (low_times == 1)
			low_times = times;
		else if (times == 1)
			times = low_times;
	}
	token->low *= low_times;
	token->high *= times;
}

static void
read_word(struct token *token, struct span *rest)
{
	size_t n = 0;

	token->kind = TOKEN_WORD;
	while (rest->len) {
		int c = peek(*rest, 0);
		bool inside = c == '-' && n && isalnum(peek(*rest, 1)) &&
			      token->word[0] != 't';

		if (!isalnum(c) && c != '_' && c != '*' && c < 0x80 && !inside &&
			!(c == '.' && isalnum(peek(*rest, 1))))
			break;
		if (n + 1 < sizeof token->word)
			token->word[n++] = (char)tolower(c);
		step(rest, 1);
	}
}

/* "8.8.8.8", "2G", "4th": it begins like a number and is none. */
static bool
is_word_of_digits(struct span rest)
{
	size_t n = 0, dots = 0;
	struct token ignored = {0};
	double times;

	while (isdigit(peek(rest, n)) ||
		(peek(rest, n) == '.' && isdigit(peek(rest, n + 1)))) {
		dots += peek(rest, n) == '.';
		n++;
	}
	if (dots > 1)
		return true;
	return isalpha(peek(rest, n)) && !(peek(rest, n) == 'x' && n) &&
	       !unit_behind(&ignored, &times, (struct span){rest.at + n, rest.len - n});
}

static bool
starts_number(struct span rest)
{
	return isdigit(peek(rest, 0)) ||
	       (peek(rest, 0) == '.' && isdigit(peek(rest, 1)));
}

/* "+-1 h" is up to an hour; "x4" times four. */
static size_t
sign_before(struct span rest, char *sign)
{
	size_t n = 0;

	if (peek(rest, 0) == '+' && peek(rest, 1) == '-')
		n = 2;
	else if (strchr("+-xX", peek(rest, 0)) && peek(rest, 0))
		n = 1;
	n += n && peek(rest, n) == ' ' && peek(rest, 0) == '+';
	if (!n || !starts_number((struct span){rest.at + n, rest.len - n}))
		return 0;
	*sign = n >= 2 && peek(rest, 1) == '-' ? 0 : (char)tolower(peek(rest, 0));
	return n;
}

static bool
read_mark(struct token *token, struct span *rest)
{
	int c = peek(*rest, 0);

	token->kind = TOKEN_MARK;
	if (c == '-' && peek(*rest, 1) == '>') {
		token->mark = '>';
		step(rest, 2);
		return true;
	}
	token->mark = c == '/' ? '/' : (c == ';' || c == ',' || c == ':') ? ';' : 0;
	step(rest, 1);
	return token->mark != 0;
}

static void
skip_remark(struct span *rest)
{
	while (rest->len && peek(*rest, 0) != ')')
		step(rest, 1);
}

size_t
tokens_read(struct token *out, size_t most, struct span cell)
{
	size_t n = 0;

	while (cell.len && n < most) {
		struct token token = {0};
		size_t sign = sign_before(cell, &token.sign);

		if (peek(cell, 0) == '(') {
			skip_remark(&cell);
			continue;
		}
		step(&cell, sign);
		if (is_clock(cell)) {
			token.kind = TOKEN_CLOCK;
			token.low = token.high = clock_digits(&cell);
		} else if (starts_number(cell) && (sign || !is_word_of_digits(cell))) {
			read_number(&token, &cell);
		} else if (isalnum(peek(cell, 0)) || peek(cell, 0) == '*' ||
			   peek(cell, 0) >= 0x80) {
			read_word(&token, &cell);
		} else if (!read_mark(&token, &cell)) {
			continue;
		}
		out[n++] = token;
	}
	return n;
}
