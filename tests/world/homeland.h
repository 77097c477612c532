#pragma once

#include "common/buf.h"

/* The code of the country that a text names ("Egypt 2011"), "" none is known. Reads
 * tzdata's iso3166.tab. */
struct homelands {
	struct buf table;
};
void homeland_open(struct homelands *homelands);
void homeland_find(
	char code[static 3], const struct homelands *homelands, struct span text);
void homeland_close(struct homelands *homelands);
