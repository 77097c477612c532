#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* The options of one command, by argp; argc and argv as commands get them, from behind
 * the command's name. Misuse ends the program with exit code 2. */
void options_parse(const struct argp *argp, int argc, char **argv, void *input);

/* For parsers: a value that is not right is one sentence and exit code 2. */
int64_t options_time(
	struct argp_state *state, const char *text); /* RFC 3339 or a day */
int64_t options_number(
	struct argp_state *state, const char *text, int64_t min, int64_t max);
/* The end of a parser whose command takes no arguments: refuses them, leaves the rest to
 * argp. */
error_t options_only(int key, const char *arg, struct argp_state *state);

/* Commands that take nothing but names of files, one at least. */
struct options_files {
	char **paths; /* as named on the command line */
	int n;
};
void options_files(
	struct options_files *files, const struct argp *argp, int argc, char **argv);
