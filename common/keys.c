#include "common/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

#define HEAD_NAME "keys"
#define HEAD_FIRST "faultline/keys 1\n"
#define HEAD_MAX 1024
#define SEQ_MAX 9007199254740991 /* 2^53-1 */
#define TIME_MAX_US INT64_MAX /* what a clock can say */
#define BOOT_MAX 1000000 /* as the schema has it */
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_BYTES 36

/* What the head file says, the secret apart. */
struct head {
	uint64_t next_seq;
	bool has_previous;
	uint8_t previous[HASH_BYTES];
	uint32_t boot;
	char boot_id[BOOT_ID_BYTES + 1];
	int64_t boot_origin_us, raw_origin_us;
};

struct keys {
	char path[FILE_PATH_BYTES];
	char epoch[2 * PUBLIC_KEY_BYTES + 1];
	struct crypto_key *key;
	struct head head;
};

/* A buffer that holds a secret: never grown (realloc would leave a copy behind). */
static void
secret_buf_open(struct buf *buf)
{
	static const char zeroes[2 * HEAD_MAX];

	buf_add(buf, zeroes, sizeof zeroes);
	buf_clear(buf);
}

static void
secret_buf_close(struct buf *buf)
{
	if (buf->data)
		crypto_wipe(buf->data, buf->cap);
	buf_free(buf);
}

/* One form only: what is read is compared with what this writes. */
static void
encode(struct buf *out, const struct head *head, const uint8_t seed[static SEED_BYTES])
{
	char hex[HASH_HEX_BYTES];
	uint8_t sum[HASH_BYTES];

	crypto_hex(hex, seed, SEED_BYTES);
	/* Not printed: printf(3) would leave a part of it on the stack. */
	buf_puts(out, HEAD_FIRST "seed ");
	buf_puts(out, hex);
	buf_puts(out, "\n");
	crypto_wipe(hex, sizeof hex);
	buf_printf(out, "next %" PRIu64 "\n", head->next_seq);
	if (head->has_previous)
		crypto_hex(hex, head->previous, HASH_BYTES);
	buf_printf(out, "previous %s\n", head->has_previous ? hex : "-");
	buf_printf(out, "boot %" PRIu32 "\nboot_id %s\n", head->boot, head->boot_id);
	buf_printf(out, "boot_origin_us %" PRId64 "\nraw_origin_us %" PRId64 "\n",
		head->boot_origin_us, head->raw_origin_us);
	crypto_sha256(sum, out->data, out->len);
	crypto_hex(hex, sum, sizeof sum);
	buf_printf(out, "sha256 %s\n", hex);
}

/* The value of the line "name value". */
static bool
cut_value(struct span *value, struct span *rest, const char *name)
{
	return span_line(value, rest) && span_skip(value, name) &&
	       span_skip(value, " ");
}

static bool
cut_number(uint64_t *out, struct span *rest, const char *name, uint64_t max)
{
	struct span value;

	return cut_value(&value, rest, name) && span_number(out, value, max);
}

static bool
decode(struct head *head, uint8_t seed[static SEED_BYTES], struct span bytes)
{
	struct span rest = bytes, value;
	uint64_t boot, boot_origin_us, raw_origin_us;

	*head = (struct head){0};
	if (!span_skip(&rest, HEAD_FIRST) || !cut_value(&value, &rest, "seed") ||
		!crypto_unhex(seed, SEED_BYTES, value))
		return false;
	if (!cut_number(&head->next_seq, &rest, "next", SEQ_MAX + 1) || !head->next_seq)
		return false;
	if (!cut_value(&value, &rest, "previous"))
		return false;
	head->has_previous = !span_is(value, "-");
	if (head->has_previous && !crypto_unhex(head->previous, HASH_BYTES, value))
		return false;
	if (!cut_number(&boot, &rest, "boot", BOOT_MAX) ||
		!cut_value(&value, &rest, "boot_id") || value.len != BOOT_ID_BYTES)
		return false;
	memcpy(head->boot_id, value.at, BOOT_ID_BYTES);
	if (!cut_number(&boot_origin_us, &rest, "boot_origin_us", TIME_MAX_US) ||
		!cut_number(&raw_origin_us, &rest, "raw_origin_us", TIME_MAX_US))
		return false;
	head->boot = (uint32_t)boot;
	head->boot_origin_us = (int64_t)boot_origin_us;
	head->raw_origin_us = (int64_t)raw_origin_us;
	return true;
}

static enum err
head_read(const char *path, struct head *head, uint8_t seed[static SEED_BYTES])
{
	struct buf bytes = {0}, again = {0};
	enum err err;

	secret_buf_open(&bytes);
	secret_buf_open(&again);
	err = file_read(&bytes, path, HEAD_MAX);
	if (err && err != ERR_LIMIT)
		goto done;
	err = err || !decode(head, seed, buf_span(&bytes)) ? ERR_FORMAT : OK;
	if (!err) {
		encode(&again, head, seed);
		if (again.len != bytes.len || memcmp(again.data, bytes.data, again.len))
			err = ERR_FORMAT;
	}
	if (err)
		log_error("%s is damaged or not a key file of this program: "
			  "restore it, or enrol anew with another state folder",
			path);
done:
	secret_buf_close(&again);
	secret_buf_close(&bytes);
	return err;
}

static enum err
head_write(const char *path, const struct head *head,
	const uint8_t seed[static SEED_BYTES])
{
	struct buf bytes = {0};
	enum err err;

	secret_buf_open(&bytes);
	encode(&bytes, head, seed);
	err = file_write(path, bytes.data, bytes.len);
	secret_buf_close(&bytes);
	return err;
}

/* The new head becomes ours only once it is on the disk. */
static enum err
head_change(struct keys *keys, const struct head *head)
{
	uint8_t seed[SEED_BYTES];
	enum err err;

	crypto_key_seed(seed, keys->key);
	err = head_write(keys->path, head, seed);
	crypto_wipe(seed, sizeof seed);
	if (!err)
		keys->head = *head;
	return err;
}

static enum err
boot_id_read(char out[static BOOT_ID_BYTES + 1])
{
	struct buf bytes = {0};
	enum err err = file_read(&bytes, BOOT_ID_PATH, 2 * BOOT_ID_BYTES);
	struct span id, rest = buf_span(&bytes);

	if (!err && (!span_line(&id, &rest) || id.len != BOOT_ID_BYTES ||
			    memchr(id.at, ' ', id.len)))
		err = ERR_FORMAT;
	if (err) {
		log_error("%s does not tell which boot this is: %s", BOOT_ID_PATH,
			err_text(err));
		err = ERR_IO;
	} else {
		memcpy(out, id.at, BOOT_ID_BYTES);
		out[BOOT_ID_BYTES] = '\0';
	}
	buf_free(&bytes);
	return err;
}

static void
origins_take(struct head *head)
{
	head->boot_origin_us = clock_boot_us();
	head->raw_origin_us = clock_raw_us();
}

enum err
keys_create(const char *dir)
{
	char path[FILE_PATH_BYTES];
	uint8_t seed[SEED_BYTES];
	struct head head = {.next_seq = 1};
	enum err err = file_path(path, dir, HEAD_NAME);

	if (!err)
		err = file_mkdir(dir);
	if (err)
		return err;
	err = head_read(path, &head, seed);
	crypto_wipe(seed, sizeof seed);
	if (err != ERR_NOT_FOUND)
		return err ? err : ERR_EXISTS;
	head = (struct head){.next_seq = 1};
	err = boot_id_read(head.boot_id);
	if (err)
		return err;
	origins_take(&head);
	crypto_random(seed, sizeof seed);
	err = head_write(path, &head, seed);
	crypto_wipe(seed, sizeof seed);
	return err;
}

/* The same boot has the same id, and clocks that only went forward. */
static enum err
boot_count(struct keys *keys)
{
	struct head head = keys->head;
	char id[BOOT_ID_BYTES + 1];
	enum err err = boot_id_read(id);

	if (err)
		return err;
	if (strcmp(id, head.boot_id) == 0 && clock_boot_us() >= head.boot_origin_us &&
		clock_raw_us() >= head.raw_origin_us)
		return OK;
	if (head.boot == BOOT_MAX) {
		log_error(
			"this identity has seen %d boots, the most it may: enrol anew "
			"with another state folder",
			BOOT_MAX);
		return ERR_LIMIT;
	}
	head.boot++;
	memcpy(head.boot_id, id, sizeof id);
	origins_take(&head);
	return head_change(keys, &head);
}

enum err
keys_open(struct keys **out, const char *dir)
{
	struct keys *keys = calloc(1, sizeof *keys);
	uint8_t seed[SEED_BYTES];
	enum err err;

	*out = NULL;
	if (!keys)
		bug("out of memory");
	err = file_path(keys->path, dir, HEAD_NAME);
	if (!err)
		err = head_read(keys->path, &keys->head, seed);
	if (!err)
		err = crypto_key_open(&keys->key, seed);
	crypto_wipe(seed, sizeof seed);
	if (err)
		goto done;
	crypto_hex(keys->epoch, crypto_key_public(keys->key), PUBLIC_KEY_BYTES);
	err = boot_count(keys);
	if (err)
		goto done;
	*out = keys;
	keys = NULL;
done:
	keys_close(keys);
	return err;
}

void
keys_close(struct keys *keys)
{
	if (!keys)
		return;
	crypto_key_close(keys->key);
	free(keys);
}

const struct crypto_key *
keys_signer(const struct keys *keys)
{
	return keys->key;
}

const char *
keys_epoch(const struct keys *keys)
{
	return keys->epoch;
}

uint32_t
keys_boot(const struct keys *keys)
{
	return keys->head.boot;
}

int64_t
keys_boot_origin_us(const struct keys *keys)
{
	return keys->head.boot_origin_us;
}

int64_t
keys_raw_origin_us(const struct keys *keys)
{
	return keys->head.raw_origin_us;
}

bool
keys_previous(const struct keys *keys, uint8_t id[static HASH_BYTES])
{
	if (keys->head.has_previous)
		memcpy(id, keys->head.previous, HASH_BYTES);
	return keys->head.has_previous;
}

enum err
keys_take_seq(struct keys *keys, uint64_t *seq)
{
	struct head head = keys->head;
	enum err err;

	if (head.next_seq > SEQ_MAX) {
		log_error(
			"every segment number of this identity is used up: enrol anew "
			"with another state folder");
		return ERR_LIMIT;
	}
	head.next_seq++;
	err = head_change(keys, &head);
	if (!err)
		*seq = head.next_seq - 1;
	return err;
}

enum err
keys_set_previous(struct keys *keys, const uint8_t id[static HASH_BYTES])
{
	struct head head = keys->head;

	head.has_previous = true;
	memcpy(head.previous, id, HASH_BYTES);
	return head_change(keys, &head);
}
