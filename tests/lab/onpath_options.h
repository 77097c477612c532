#pragma once

#include "tests/lab/onpath_rules.h"

/* The command line of onpath (onpath.c says what it takes). Exits 2 with a sentence where it
 * is wrong. */
struct onpath_options {
	struct onpath_rules rules; /* names and addresses point into argv */
	const char *name, *left, *right;
};

void onpath_options_parse(struct onpath_options *options, int argc, char **argv);
