#include "probe/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"

/* "boot t_us check\n", numbers with leading zeroes so that it is always as long: it lies in
 * one sector, and a write that a cut tore apart does not fit its check. */
#define NUMBERS_BYTES 28
#define CHECK_DIGITS 16
#define FILE_BYTES (NUMBERS_BYTES + CHECK_DIGITS + 1)

static void
spell(char text[static FILE_BYTES + 1], const struct alive *alive)
{
	uint8_t hash[HASH_BYTES];

	snprintf(text, FILE_BYTES + 1, "%010lld %016lld ", (long long)alive->boot,
		(long long)alive->us);
	crypto_sha256(hash, text, NUMBERS_BYTES);
	crypto_hex(text + NUMBERS_BYTES, hash, CHECK_DIGITS / 2);
	strcpy(text + NUMBERS_BYTES + CHECK_DIGITS, "\n");
}

bool
alive_read(struct alive *alive, const char *state_dir)
{
	char path[FILE_PATH_BYTES], again[FILE_BYTES + 1];
	struct buf text = {0};
	long long boot = -1, us = -1;
	bool read = false;

	if (file_path(path, state_dir, "alive") != OK ||
		file_read(&text, path, FILE_BYTES) != OK || text.len != FILE_BYTES ||
		sscanf(text.data, "%10lld %16lld ", &boot, &us) != 2 || boot < 0 ||
		us < 0)
		goto done;
	*alive = (struct alive){boot, us};
	spell(again, alive);
	read = !memcmp(again, text.data, FILE_BYTES);
done:
	buf_free(&text);
	return read;
}

int
alive_open(const char *state_dir)
{
	char path[FILE_PATH_BYTES];
	int fd = -1;

	if (file_path(path, state_dir, "alive") == OK)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		log_note("%s/alive: %s; after a power cut nobody will know when it was",
			state_dir, strerror(errno));
	return fd;
}

void
alive_write(int fd, const struct alive *alive)
{
	char text[FILE_BYTES + 1];

	spell(text, alive);
	if (fd >= 0 &&
		(pwrite(fd, text, FILE_BYTES, 0) != FILE_BYTES || fdatasync(fd) != 0))
		log_detail("the sign of life was not written");
}
