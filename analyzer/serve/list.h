#pragma once

#include "analyzer/serve/choice.h"

/* A choice of events as people read it, and as scripts do. */
void list_page(struct buf *out, const struct choice *choice,
	const struct choice_filter *filter);
void list_json(struct buf *out, const struct choice *choice);
/* A page that says in one sentence why there is none. */
void list_problem(struct buf *out, const char *title, const char *sentence);
