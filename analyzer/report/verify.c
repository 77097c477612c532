#include "analyzer/commands.h"

#include <string.h>

#include "analyzer/report/options.h"
#include "common/file.h"
#include "common/measurement.h"
#include "common/segment.h"

/* What a stranger's reader would check of a segment, without any store. */

struct verifying {
	struct listing *listing;
	int failed;
};

static const struct column columns[] = {
	{"file", COLUMN_TEXT},
	{"result", COLUMN_TEXT},
	{"epoch", COLUMN_TEXT},
	{"seq", COLUMN_NUMBER},
	{"lines", COLUMN_NUMBER},
	{"id", COLUMN_TEXT},
	{"why", COLUMN_TEXT},
};

/* The signature speaks for bytes of any meaning: a segment of another schema is signed
 * well and still unreadable here. */
static const char *
check(struct segment *segment, struct buf *bytes, const char *path, const char **why)
{
	struct measurement m;
	enum err err = file_read(bytes, path, SEGMENT_FILE_MAX);

	if (err != OK) {
		*why = err == ERR_LIMIT ? "this is longer than any segment may be"
					: err_text(err);
		return "refused";
	}
	if (segment_read(segment, buf_span(bytes), why) != OK)
		return "refused";
	for (size_t i = 0; i < segment->n; i++)
		if (measurement_decode(&m, segment->lines[i], why) != OK)
			return "unreadable";
	return "verified";
}

static void
verify_file(struct verifying *v, const char *path)
{
	struct segment segment = {0};
	struct buf bytes = {0};
	const char *why = "", *result = check(&segment, &bytes, path, &why);
	char seq[24] = "", lines[24] = "", id[HASH_HEX_BYTES] = "";

	if (strcmp(result, "refused") != 0) {
		snprintf(seq, sizeof seq, "%llu", (unsigned long long)segment.seq);
		snprintf(lines, sizeof lines, "%zu", segment.n);
		crypto_hex(id, segment.id, sizeof segment.id);
	}
	if (strcmp(result, "verified") != 0)
		v->failed++;
	listing_row(
		v->listing, (const char *const[]){path, result,
				    id[0] ? segment.epoch : "", seq, lines, id, why});
	buf_free(&bytes);
}

int
verify_segments(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.args_doc = "SEGMENT...",
		.doc = "Checks form, tree, signature and every line of segments.\v"
		       "For example:\n  faultline-analyzer verify evidence/*.seg"};
	struct options_files files = {0};
	struct verifying v = {0};

	options_files(&files, &argp, argc, argv);
	listing_open(&v.listing, stdout, (enum listing_format)context->format, columns,
		sizeof columns / sizeof columns[0]);
	for (int i = 0; i < files.n; i++)
		verify_file(&v, files.paths[i]);
	listing_close(v.listing);
	return v.failed ? 1 : 0;
}
