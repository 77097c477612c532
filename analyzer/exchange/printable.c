#include "analyzer/exchange/printable.h"

#include <stdint.h>

/* How many bytes the UTF-8 character at the front has (RFC 3629); 0: it is none, or one
 * that is not to be printed. */
static size_t
character_bytes(struct span text)
{
	const uint8_t *at = (const uint8_t *)text.at;
	size_t n = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	uint32_t point = at[0];

	if (n == 1)
		return at[0] >= ' ' && at[0] != 0x7f;
	if (at[0] < 0xc2 || at[0] > 0xf4 || n > text.len)
		return 0;
	point = at[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3fU);
	}
	if (point < (n == 3	     ? 0x800U
			    : n == 4 ? 0x10000U
				     : 0xa0U) ||
		point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	return n;
}

bool
printable_text(struct span text)
{
	while (text.len) {
		size_t n = character_bytes(text);

		if (!n)
			return false;
		text.at += n;
		text.len -= n;
	}
	return true;
}
