#include "analyzer/commands.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer/report/options.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/segment.h"

/* Segments that came by hand instead of by the network: the same door, opener_submit(). */

struct carrying {
	struct opener *opener;
	struct listing *listing;
	int failed;
};

static const struct column columns[] = {
	{"file", COLUMN_TEXT},
	{"result", COLUMN_TEXT},
	{"why", COLUMN_TEXT},
};

static void
carry_file(struct carrying *c, const char *path)
{
	struct submission s = {.kind = SUBMIT_SEGMENT, .token = "", .trusted = true};
	struct buf bytes = {0}, receipt = {0};
	const char *why = "";
	enum opened opened = OPENED_MALFORMED;
	enum err err = file_read(&bytes, path, SEGMENT_FILE_MAX);

	if (err == OK) {
		s.body = buf_span(&bytes);
		s.now_utc_us = clock_utc_us();
		opened = opener_submit(&receipt, &why, c->opener, &s);
	} else {
		why = err == ERR_LIMIT ? "this is longer than any segment may be"
				       : err_text(err);
	}
	if (opened != OPENED_STORED && opened != OPENED_AGAIN)
		c->failed++;
	listing_row(
		c->listing, (const char *const[]){path,
				    err == OK ? opened_name(opened) : "unread", why});
	buf_free(&receipt);
	buf_free(&bytes);
}

static int
is_segment(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 4 && strcmp(entry->d_name + n - 4, ".seg") == 0;
}

static void
carry_folder(struct carrying *c, const char *dir)
{
	struct dirent **entries = NULL;
	char path[FILE_PATH_BYTES];
	int n = scandir(dir, &entries, is_segment, alphasort);

	if (n < 0) {
		log_error("%s: %s", dir, strerror(errno));
		c->failed++;
	}
	for (int i = 0; i < n; i++) {
		if (file_path(path, dir, entries[i]->d_name) == OK)
			carry_file(c, path);
		else
			c->failed++;
		free(entries[i]);
	}
	free(entries);
}

static void
carry_named(struct carrying *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		carry_folder(c, path);
	else
		carry_file(c, path);
}

int
carry_files(struct context *context, int argc, char **argv)
{
	static const struct argp argp = {.args_doc = "FILE|DIR...",
		.doc = "Takes segments that were carried here as files; of a folder, "
		       "every .seg in it.\v"
		       "For example:\n  faultline-analyzer ingest /media/stick"};
	struct identity identity = {0};
	struct options_files files = {0};
	struct carrying c = {0};
	enum err err;

	options_files(&files, &argp, argc, argv);
	err = identity_open(&identity, context->dir);
	if (err == OK)
		err = opener_open(
			&c.opener, context->store, &identity, &context->settings);
	if (err == OK) {
		listing_open(&c.listing, stdout, (enum listing_format)context->format,
			columns, sizeof columns / sizeof columns[0]);
		for (int i = 0; i < files.n; i++)
			carry_named(&c, files.paths[i]);
		listing_close(c.listing);
	}
	opener_close(c.opener);
	identity_close(&identity);
	return err == OK && c.failed == 0 ? 0 : 1;
}
