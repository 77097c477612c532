#include "probe/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

/*
 * Two slots of one sector each, written in turn, in place: no rename, no folder to sync.
 * A cut that tears one leaves the other. A slot is words of 64 bits, little-endian: the
 * magic, the generation, the values below, zeroes; at its end SHA-256 of all before.
 */
#define SLOT_BYTES 512
#define SUMMED_BYTES (SLOT_BYTES - HASH_BYTES)
#define SLOTS 2
#define MAGIC UINT64_C(0x3144414548544c46) /* "FLTHEAD1" */
/* Longer than a probe lies in a drawer: a clock that was wrong says so. */
#define LONGEST_OFF_US (400 * INT64_C(86400000000))
/* How far ahead of what is spent it is written: the smaller, the less a cut costs; the
 * larger, the fewer writes. */
#define STEPS_A_DAY 128
#define STEP_MOST_BYTES (64 * 1024)
#define STEP_LEAST_BYTES 4096

enum word {
	WORD_MAGIC,
	WORD_GENERATION,
	WORD_DAY_US, /* how much of it has passed */
	WORD_MONTH_US,
	WORD_RUN_US, /* how long the probe ran, ever */
	WORD_ANCHOR_UTC_US,
	WORD_ANCHOR_RUN_US, /* WORD_RUN_US when that was received */
	WORD_DAY_BYTES,
	WORD_MONTH_BYTES = WORD_DAY_BYTES + MEDIUM_COUNT,
	WORD_COUNT = WORD_MONTH_BYTES + MEDIUM_COUNT,
};
_Static_assert(WORD_COUNT * sizeof(uint64_t) <= SUMMED_BYTES, "a slot is one sector");

struct head {
	int fd;
	char path[FILE_PATH_BYTES];
	int64_t words[WORD_COUNT]; /* as they were written last */
	int64_t day_start_us, month_start_us; /* of those that they speak of */
	int64_t opened_us, opened_run_us, written_us;
	bool anchored; /* since it was opened */
	bool failed; /* to write, and it was said */
	int64_t held[MEDIUM_COUNT]; /* for what goes on beside the rounds */
};

static void
put_word(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t
get_word(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

static void
put_slot(uint8_t slot[static SLOT_BYTES], const int64_t words[static WORD_COUNT])
{
	memset(slot, 0, SLOT_BYTES);
	for (size_t i = 0; i < WORD_COUNT; i++)
		put_word(slot + 8 * i, (uint64_t)words[i]);
	crypto_sha256(slot + SUMMED_BYTES, slot, SUMMED_BYTES);
}

/* False: torn, damaged, or of another version. */
static bool
get_slot(int64_t words[static WORD_COUNT], const uint8_t slot[static SLOT_BYTES])
{
	uint8_t sum[HASH_BYTES];

	crypto_sha256(sum, slot, SUMMED_BYTES);
	if (memcmp(sum, slot + SUMMED_BYTES, HASH_BYTES) != 0 ||
		get_word(slot) != MAGIC)
		return false;
	for (size_t i = 0; i < WORD_COUNT; i++)
		words[i] = (int64_t)get_word(slot + 8 * i);
	for (size_t i = WORD_GENERATION; i < WORD_COUNT; i++)
		if (words[i] < 0 || words[i] > TIME_MAX)
			return false;
	return true;
}

/* The newer one of those that are whole. */
static void
read_slots(struct head *head, const struct buf *bytes)
{
	int64_t words[WORD_COUNT];

	for (size_t i = 0; i < SLOTS && bytes->len == SLOTS * SLOT_BYTES; i++)
		if (get_slot(words, (const uint8_t *)bytes->data + i * SLOT_BYTES) &&
			words[WORD_GENERATION] >= head->words[WORD_GENERATION])
			memcpy(head->words, words, sizeof(words));
}

static enum err
make_slots(struct head *head)
{
	uint8_t slots[SLOTS * SLOT_BYTES] = {0};

	head->words[WORD_MAGIC] = (int64_t)MAGIC;
	put_slot(slots, head->words);
	return file_write(head->path, slots, sizeof(slots));
}

/* What the file says; where there is none, or none that is whole, a new one. */
static enum err
read_or_make(struct head *head)
{
	struct buf bytes = {0};
	enum err err = file_read(&bytes, head->path, SLOTS * SLOT_BYTES);

	if (err == OK)
		read_slots(head, &bytes);
	buf_free(&bytes);
	if (head->words[WORD_MAGIC] != 0)
		return OK;
	if (err == OK || err == ERR_LIMIT)
		log_error("%s: damaged; the budget's day and month begin anew",
			head->path);
	else if (err != ERR_NOT_FOUND)
		return err;
	return make_slots(head);
}

enum err
head_open(struct head **out, const char *state_dir, int64_t now_us)
{
	struct head *head = calloc(1, sizeof(*head));
	enum err err;

	if (head == NULL)
		bug("out of memory");
	head->fd = -1;
	err = file_path(head->path, state_dir, "head");
	if (err == OK)
		err = read_or_make(head);
	if (err == OK)
		head->fd = open(head->path, O_RDWR | O_CLOEXEC);
	if (err == OK && head->fd < 0) {
		log_error("%s: %s", head->path, strerror(errno));
		err = ERR_IO;
	}
	head->opened_us = head->written_us = now_us;
	head->opened_run_us = head->words[WORD_RUN_US];
	if (err != OK) {
		head_close(head);
		head = NULL;
	}
	*out = head;
	return err;
}

void
head_close(struct head *head)
{
	if (head == NULL)
		return;
	if (head->fd >= 0)
		close(head->fd);
	free(head);
}

void
head_restore(struct budget *budget, struct head *head)
{
	const int64_t *words = head->words;

	budget->day.start_us = head->opened_us - words[WORD_DAY_US];
	budget->month.start_us = head->opened_us - words[WORD_MONTH_US];
	for (size_t i = 0; i < MEDIUM_COUNT; i++) {
		budget->day.spent_bytes[i] = words[WORD_DAY_BYTES + i];
		budget->month.spent_bytes[i] = words[WORD_MONTH_BYTES + i];
	}
	head->day_start_us = budget->day.start_us;
	head->month_start_us = budget->month.start_us;
}

static int64_t
run_us(const struct head *head, int64_t now_us)
{
	return head->opened_run_us + (now_us - head->opened_us);
}

void
head_anchor(struct head *head, struct budget *budget, int64_t utc_us, int64_t now_us)
{
	int64_t *words = head->words;
	int64_t counted_us = run_us(head, now_us) - words[WORD_ANCHOR_RUN_US];
	int64_t off_us = utc_us - words[WORD_ANCHOR_UTC_US] - counted_us;

	if (!head->anchored && words[WORD_ANCHOR_UTC_US] > 0 && off_us > 0 &&
		off_us < LONGEST_OFF_US) {
		budget->day.start_us -= off_us;
		budget->month.start_us -= off_us;
	}
	head->anchored = true;
	words[WORD_ANCHOR_UTC_US] = utc_us;
	words[WORD_ANCHOR_RUN_US] = run_us(head, now_us);
}

/* In place of the older slot: the newer stays whole whatever happens now. */
static void
write_slot(struct head *head)
{
	uint8_t slot[SLOT_BYTES];
	off_t at = head->words[WORD_GENERATION] % SLOTS * SLOT_BYTES;

	put_slot(slot, head->words);
	if (pwrite(head->fd, slot, sizeof(slot), at) == (ssize_t)sizeof(slot) &&
		fdatasync(head->fd) == 0) {
		head->failed = false;
		return;
	}
	/* It goes on counting in memory; said once. */
	if (!head->failed)
		log_error("%s: cannot write: %s; a power cut now would forget what "
			  "was spent",
			head->path, strerror(errno));
	head->failed = true;
	/* It may be half written: the next goes to the same place, and the other stays whole. */
	head->words[WORD_GENERATION]--;
}

static void
write_budget(struct head *head, const struct budget *budget,
	const int64_t ahead[static MEDIUM_COUNT], int64_t now_us)
{
	int64_t *words = head->words;

	words[WORD_GENERATION]++;
	words[WORD_DAY_US] = now_us - budget->day.start_us;
	words[WORD_MONTH_US] = now_us - budget->month.start_us;
	words[WORD_RUN_US] = run_us(head, now_us);
	for (size_t i = 0; i < MEDIUM_COUNT; i++) {
		words[WORD_DAY_BYTES + i] = budget->day.spent_bytes[i] + ahead[i];
		words[WORD_MONTH_BYTES + i] = budget->month.spent_bytes[i] + ahead[i];
	}
	head->day_start_us = budget->day.start_us;
	head->month_start_us = budget->month.start_us;
	head->written_us = now_us;
	write_slot(head);
}

static int64_t
step_bytes(const struct config *config, enum medium medium)
{
	int64_t step = budget_day_bytes(config, medium) / STEPS_A_DAY;

	if (step > STEP_MOST_BYTES)
		return STEP_MOST_BYTES;
	return step < STEP_LEAST_BYTES ? STEP_LEAST_BYTES : step;
}

/* What is written ahead of what is spent on that kind of link, and may still be. */
static int64_t
claimed_bytes(const struct head *head, const struct budget *budget, size_t medium)
{
	int64_t day =
		head->words[WORD_DAY_BYTES + medium] - budget->day.spent_bytes[medium];
	int64_t month = head->words[WORD_MONTH_BYTES + medium] -
			budget->month.spent_bytes[medium];
	int64_t both = day < month ? day : month;

	if (head->day_start_us != budget->day.start_us ||
		head->month_start_us != budget->month.start_us)
		return 0;
	return both > 0 ? both : 0;
}

void
head_claim(struct head *head, const struct budget *budget, const struct config *config,
	const int64_t bytes[static MEDIUM_COUNT], int64_t now_us)
{
	bool fresh = now_us - head->written_us < config->hour_us / 4;
	bool covered = !head->failed;
	int64_t ahead[MEDIUM_COUNT];

	for (enum medium m = 0; m < MEDIUM_COUNT; m++) {
		int64_t claimed = claimed_bytes(head, budget, m);
		int64_t wanted = head->held[m] + bytes[m];
		int64_t step = step_bytes(config, m);

		covered &= wanted <= claimed;
		ahead[m] = fresh ? claimed : 0;
		if (wanted > 0)
			ahead[m] = (wanted + step) / step * step;
	}
	if (!fresh || !covered)
		write_budget(head, budget, ahead, now_us);
}

void
head_hold(struct head *head, const int64_t bytes[static MEDIUM_COUNT])
{
	memcpy(head->held, bytes, sizeof(head->held));
}

void
head_settle(struct head *head, const struct budget *budget, int64_t now_us)
{
	static const int64_t nothing[MEDIUM_COUNT] = {0};

	write_budget(head, budget, nothing, now_us);
}
