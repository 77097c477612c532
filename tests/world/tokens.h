#pragma once

#include "tests/world/cells.h"

/* A cell as words and numbers. Pure. */
enum token_kind { TOKEN_WORD, TOKEN_NUMBER, TOKEN_CLOCK, TOKEN_MARK };
struct token {
	enum token_kind kind;
	char word[24]; /* lower case, cut to fit */
	char mark; /* ';' between clauses, '/', '>' for an arrow */
	char sign; /* before a number: 0, '+', '-', 'x' */
	enum unit unit;
	double low, high; /* of a clock: minutes of the day */
};
/* What stands in brackets is a remark, and left out. */
size_t tokens_read(struct token *out, size_t most, struct span cell);
