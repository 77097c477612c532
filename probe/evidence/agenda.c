#include "probe/steps.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"

#define FILE_NAME "targets"

static void
tag_of(char tag[static MANDATE_TAG_BYTES], struct span note)
{
	uint8_t hash[HASH_BYTES];
	char hex[HASH_HEX_BYTES];

	crypto_sha256(hash, note.at, note.len);
	crypto_hex(hex, hash, sizeof(hash));
	memcpy(tag, hex, MANDATE_TAG_BYTES - 1);
	tag[MANDATE_TAG_BYTES - 1] = '\0';
}

/* A note that the analyzer signed, with a list in it that reads well. */
static enum err
open_note(struct agenda *agenda, struct targets *targets, struct span note,
	const struct enrolment *enrolment)
{
	struct mandate mandate;
	enum err err = mandate_open(&mandate, note, enrolment->analyzer_key);

	if (err == OK)
		err = targets_read(targets, mandate.list, NULL, NULL);
	if (err != OK)
		return err;
	agenda->serial = mandate.serial;
	memcpy(agenda->country, mandate.country, sizeof(agenda->country));
	tag_of(agenda->tag, note);
	return OK;
}

enum err
agenda_read(struct agenda *agenda, struct targets *targets, const char *state_dir,
	const struct enrolment *enrolment)
{
	char path[FILE_PATH_BYTES];
	struct buf note = {0};
	enum err err = file_path(path, state_dir, FILE_NAME);

	memset(agenda, 0, sizeof(*agenda));
	memset(targets, 0, sizeof(*targets));
	if (err == OK)
		err = file_read(&note, path, MANDATE_BYTES_MAX);
	if (err == OK) {
		err = open_note(agenda, targets, buf_span(&note), enrolment);
		if (err != OK) {
			log_error("%s: this is not what the analyzer signed: it is "
				  "fetched anew",
				path);
			err = ERR_NOT_FOUND;
		}
	}
	buf_free(&note);
	return err;
}

/* An old list sent again would undo what the analyzer took out; another country's would
 * send a volunteer to hosts that nobody there chose. */
static enum err
compare(const struct agenda *now, const struct agenda *next)
{
	if (now->serial == 0)
		return OK;
	if (strcmp(now->country, next->country) != 0) {
		log_error("the analyzer sent a list of another country: refused");
		return ERR_PEER;
	}
	if (next->serial <= now->serial) {
		log_error("the analyzer sent a list that is not newer than this "
			  "probe's: refused");
		return ERR_PEER;
	}
	return OK;
}

enum err
agenda_take(struct agenda *agenda, struct targets *targets, const char *state_dir,
	const struct enrolment *enrolment, struct span note)
{
	struct targets *taken = calloc(1, sizeof(*taken));
	char path[FILE_PATH_BYTES];
	struct agenda next = {0};
	enum err err;

	if (taken == NULL)
		bug("out of memory");
	err = open_note(&next, taken, note, enrolment);
	if (err != OK) {
		log_error("a target list that the analyzer has not signed, or that "
			  "cannot be read: refused");
		goto done;
	}
	err = compare(agenda, &next);
	if (err == OK)
		err = file_path(path, state_dir, FILE_NAME);
	if (err == OK)
		err = file_write(path, note.at, note.len);
	if (err == OK) {
		*agenda = next;
		*targets = *taken;
		log_note("a new target list is in force here: serial %llu, %u targets",
			(unsigned long long)next.serial, taken->n);
	}
done:
	free(taken);
	return err;
}
