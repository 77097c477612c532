#include "analyzer/report/explain_relations.h"

#include <stdio.h>

#include "analyzer/report/told.h"
#include "common/utc.h"

static void
print_onset(const struct told_onset *onset)
{
	char first[UTC_TEXT_BYTES];

	utc_text(first, onset->first.utc_us);
	printf(" %s (+-%.1f s)%s  %s%sAS%u %s, %lld of %lld probes\n", first,
		(double)onset->first.error_us / 1e6,
		onset->before ? ", before it began" : "", onset->region,
		onset->region[0] ? " " : "", onset->asn, onset->medium,
		(long long)onset->probes, (long long)onset->of);
}

static void
print_onsets(const struct told *told)
{
	if (told->onsets_n < 2)
		return;
	puts("\nthe order in which it came; of timing, not counted");
	for (size_t i = 0; i < told->onsets_n; i++)
		print_onset(&told->onsets[i]);
}

static void
print_relations(const struct told *told)
{
	if (told->relations_n)
		puts("\nits timing beside other events; claims about timing, not "
		     "counted");
	for (size_t i = 0; i < told->relations_n; i++) {
		const struct told_relation *r = &told->relations[i];

		printf(" %s: %s%s%s\n", r->kind, r->event, r->event[0] ? ": " : "",
			r->says);
		for (size_t k = 0; k < r->against_n; k++)
			printf("  against it: %s\n", r->against[k]);
	}
}

void
explain_relations(struct span json)
{
	struct told told;

	if (!told_read(&told, json))
		return;
	print_onsets(&told);
	print_relations(&told);
	told_free(&told);
}
