#include "common/utc.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US 1000000
#define DAY_S 86400
#define YEAR_MIN 1970
#define YEAR_MAX 9999
#define END_S 253402300800 /* 10000-01-01T00:00:00Z */

static int64_t
days_before_year(int64_t year)
{
	int64_t y = year - 1;

	/* Gregorian leap years up to the year before; 719,162 days lie before 1970. */
	return 365 * y + y / 4 - y / 100 + y / 400 - 719162;
}

static int
days_in_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

void
utc_text(char out[static UTC_TEXT_BYTES], int64_t utc_us)
{
	int64_t year = YEAR_MIN, day, s;
	int month = 1, us, n;

	if (utc_us < 0)
		utc_us = 0;
	if (utc_us > END_S * SECOND_US - 1)
		utc_us = END_S * SECOND_US - 1;
	us = (int)(utc_us % SECOND_US);
	s = utc_us / SECOND_US;
	day = s / DAY_S;
	s %= DAY_S;
	year += day / 366; /* never past the right year */
	while (days_before_year(year + 1) <= day)
		year++;
	day -= days_before_year(year);
	while (day >= days_in_month(year, month))
		day -= days_in_month(year, month++);
	n = snprintf(out, UTC_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year,
		month, (int)day + 1, (int)(s / 3600), (int)(s / 60 % 60),
		(int)(s % 60));
	if (us)
		n += snprintf(out + n, UTC_TEXT_BYTES - (size_t)n, ".%06d", us);
	snprintf(out + n, UTC_TEXT_BYTES - (size_t)n, "Z");
}

static bool
digits(int64_t *value, const char *text, int n)
{
	*value = 0;
	for (int i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + text[i] - '0';
	}
	return true;
}

bool
utc_parse(int64_t *utc_us, const char *text)
{
	int64_t year, month, day, hour, minute, second, us = 0, value;
	char again[UTC_TEXT_BYTES];
	size_t n = strnlen(text, UTC_TEXT_BYTES);

	if (n != 20 && n != 27)
		return false;
	if (!digits(&year, text, 4) || !digits(&month, text + 5, 2) ||
		!digits(&day, text + 8, 2) || !digits(&hour, text + 11, 2) ||
		!digits(&minute, text + 14, 2) || !digits(&second, text + 17, 2))
		return false;
	if (n == 27 && !digits(&us, text + 20, 6))
		return false;
	if (year < YEAR_MIN || month < 1 || month > 12)
		return false;
	value = days_before_year(year) + day - 1;
	for (int m = 1; m < month; m++)
		value += days_in_month(year, m);
	value = (value * DAY_S + hour * 3600 + minute * 60 + second) * SECOND_US + us;
	/* The text of that instant is the only spelling of it: 30 February, 24:00:00, a
	 * leap second or a wrong separator come out differently. */
	utc_text(again, value);
	if (strcmp(again, text) != 0)
		return false;
	*utc_us = value;
	return true;
}

bool
utc_parse_span(int64_t *utc_us, struct span text)
{
	char copy[UTC_TEXT_BYTES] = "";

	if (text.len >= sizeof copy)
		return false;
	memcpy(copy, text.at, text.len);
	return strlen(copy) == text.len && utc_parse(utc_us, copy);
}
