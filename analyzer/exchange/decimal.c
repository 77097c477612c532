#include "analyzer/exchange/decimal.h"

#include <string.h>

#define MICRO 1000000

bool
decimal_read(int64_t *micro, struct span text, uint64_t whole_max)
{
	const char *dot = text.len ? memchr(text.at, '.', text.len) : NULL;
	struct span whole = {text.at, dot ? (size_t)(dot - text.at) : text.len};
	int64_t unit = MICRO / 10;
	uint64_t number;

	if (!span_number(&number, whole, whole_max) ||
		(dot && dot + 1 == text.at + text.len))
		return false;
	*micro = (int64_t)number * MICRO;
	for (const char *at = dot ? dot + 1 : NULL; at && at < text.at + text.len;
		at++, unit /= 10) {
		if (*at < '0' || *at > '9' || !unit)
			return false;
		*micro += (*at - '0') * unit;
	}
	return true;
}
