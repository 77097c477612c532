#include <stdlib.h>
#include <string.h>

#include "analyzer/lists/lists.h"
#include "analyzer/store/store.h"
#include "common/log.h"

/* A note holds lines that end in '\n' alone, so the list that a segment names does too. */
static void
make_line_ends_one(struct buf *out, struct span list)
{
	struct span line;

	while (span_written_line(&line, &list)) {
		buf_add(out, line.at, line.len);
		buf_puts(out, "\n");
	}
}

static enum err
next_serial(uint64_t *serial, struct store *store)
{
	struct buf note = {0};
	enum err err;

	*serial = 0;
	err = store_newest_mandate(&note, serial, store);
	buf_free(&note);
	*serial += 1;
	return err == ERR_NOT_FOUND ? OK : err;
}

/* Both or neither: a list in force that the analysis does not know would name nothing. */
static enum err
keep(struct store *store, const struct mandate *mandate, const struct buf *note)
{
	struct store_mandate row = {.serial = mandate->serial, .note = buf_span(note)};
	enum err err;

	memcpy(row.country, mandate->country, sizeof row.country);
	crypto_sha256(row.sha256, mandate->list.at, mandate->list.len);
	err = store_put_targets(store, row.sha256, mandate->list);
	return err == OK ? store_add_mandate(store, &row) : err;
}

static enum err
sign_in_turn(struct mandate *mandate, struct context *context)
{
	struct identity identity = {0};
	struct buf note = {0};
	enum err err = store_begin(context->store);

	if (err != OK)
		return err;
	err = next_serial(&mandate->serial, context->store);
	if (err == OK)
		err = identity_open(&identity, context->dir);
	if (err == OK) {
		mandate_sign(&note, mandate, identity.key_name, identity.key);
		err = keep(context->store, mandate, &note);
	}
	if (err == OK)
		err = store_commit(context->store);
	else
		store_rollback(context->store);
	identity_close(&identity);
	buf_free(&note);
	return err;
}

enum err
enforce_sign(struct mandate *mandate, struct context *context, const char *country,
	struct span list)
{
	struct targets *targets = calloc(1, sizeof *targets);
	struct buf text = {0};
	const char *why = "";
	uint32_t line = 0;
	enum err err;

	if (!targets)
		bug("no memory");
	memset(mandate, 0, sizeof *mandate);
	make_line_ends_one(&text, list);
	mandate->list = buf_span(&text);
	memcpy(mandate->country, country, sizeof mandate->country);
	err = targets_read(targets, mandate->list, &line, &why);
	if (err != OK)
		log_error("line %u: %s", line, why);
	else
		err = sign_in_turn(mandate, context);
	mandate->list = (struct span){0};
	buf_free(&text);
	free(targets);
	return err;
}

enum err
enforce_read(struct mandate *mandate, struct buf *note, struct context *context)
{
	struct identity identity = {0};
	enum err err = store_newest_mandate(note, NULL, context->store);

	if (err == OK)
		err = identity_open(&identity, context->dir);
	if (err == OK) {
		err = mandate_open(
			mandate, buf_span(note), crypto_key_public(identity.key));
		if (err != OK)
			log_error("%s: the list in force is not signed with the key of "
				  "this folder: sign it anew",
				context->dir);
	}
	identity_close(&identity);
	return err;
}
