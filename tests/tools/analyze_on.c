/*
 * analyze_on DIR
 *
 * One analysis that goes on, as in the server: reads a time (UTC microseconds) a line, and
 * analyzes what the store of DIR holds by then. Prints for each how long it took, in
 * microseconds, and the most memory of its own that this process had, in KiB.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/steps.h"
#include "analyzer/store/store.h"
#include "common/clock.h"
#include "common/log.h"

/* Anonymous memory: what the kernel keeps of files it gives back when it is asked. */
static long
own_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *in = fopen("/proc/self/status", "re");

	while (in && fgets(line, sizeof line, in))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (in)
		fclose(in);
	return kib;
}

static enum err
go_on(struct analysis *analysis, struct store *store)
{
	int64_t until_us;
	enum err err = OK;

	while (err == OK && scanf("%" SCNd64, &until_us) == 1) {
		int64_t start_us = clock_boot_us();

		err = analyze_more(analysis, store, 0, until_us);
		printf("%" PRId64 " %ld\n", clock_boot_us() - start_us, own_kib());
		fflush(stdout);
	}
	return err;
}

int
main(int argc, char **argv)
{
	/* As settings.c has them. */
	const struct settings settings = {.window_us = INT64_C(900000000),
		.reference_us = INT64_C(1209600000000)};
	struct analysis *analysis = NULL;
	struct store *store = NULL;
	enum err err;

	if (argc != 2) {
		fputs("usage: analyze_on DIR <TIMES\n", stderr);
		return 2;
	}
	err = store_open(&store, argv[1]);
	analyze_open(&analysis, &settings, NULL);
	if (err == OK)
		err = go_on(analysis, store);
	analyze_close(analysis);
	store_close(store);
	return err == OK ? 0 : 1;
}
