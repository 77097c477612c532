#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/keys.h"

/* ${want} is given with every bit turned, so that it does not find itself. */
static bool
run_holds(const uint8_t *run, size_t run_n, const uint8_t *want, size_t n)
{
	size_t i, k;

	for (i = 0; i + n <= run_n; i++) {
		for (k = 0; k < n && (run[i + k] ^ want[k]) == 0xff; k++)
			;
		if (k == n)
			return true;
	}
	return false;
}

/* Whether any writable memory of this process holds it. */
static bool
memory_holds(const uint8_t *want, size_t n)
{
	static uint8_t window[1 << 16];
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY);
	unsigned long from, to;
	char line[512], mode[8];
	bool found = false;

	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 ||
			mode[1] != 'w')
			continue;
		/* Nothing of ours is that large: a sanitizer's map of memory. */
		if (to - from > 1ul << 30)
			continue;
		while (from < to) {
			size_t room =
				to - from < sizeof window ? to - from : sizeof window;
			ssize_t got = pread(mem, window, room, (off_t)from);

			found |= got > 0 && run_holds(window, (size_t)got, want, n);
			explicit_bzero(window, sizeof window);
			/* Windows overlap, so that nothing lies across their edge. */
			from += room < sizeof window ? room : room - n;
		}
	}
	fclose(maps);
	close(mem);
	return found;
}

/* An identity in a folder of its own. */
struct place {
	char dir[32], path[64];
	struct keys *keys;
};

static int
place_make(void **state)
{
	struct place *place = *state;

	strcpy(place->dir, "/tmp/keys-test.XXXXXX");
	if (!mkdtemp(place->dir))
		return 1;
	snprintf(place->path, sizeof place->path, "%s/keys", place->dir);
	return keys_create(place->dir) || keys_open(&place->keys, place->dir);
}

static int
place_clear(void **state)
{
	struct place *place = *state;

	keys_close(place->keys);
	return unlink(place->path) || rmdir(place->dir);
}

static void
the_signer_is_the_epoch(void **state)
{
	const struct place *place = *state;
	const char *epoch = keys_epoch(place->keys);
	uint8_t sig[SIG_BYTES], key[PUBLIC_KEY_BYTES];

	crypto_key_sign(sig, keys_signer(place->keys), "x", 1);
	assert_true(crypto_unhex(key, sizeof key, (struct span){epoch, strlen(epoch)}));
	assert_true(crypto_verify(sig, key, "x", 1));
}

static void
a_forked_child_holds_the_secret_nowhere_in_its_memory(void **state)
{
	const struct place *place = *state;
	struct keys *keys = place->keys;
	uint8_t id[HASH_BYTES] = {1}, seed[SEED_BYTES], turned[SEED_BYTES];
	uint8_t turned_hex[2 * SEED_BYTES];
	char hex[2 * SEED_BYTES + 1];
	uint64_t seq;
	size_t i;
	pid_t pid;
	int status;

	assert_int_equal(keys_take_seq(keys, &seq), OK);
	assert_int_equal(keys_set_previous(keys, id), OK);
	crypto_key_seed(seed, keys_signer(keys));
	crypto_hex(hex, seed, sizeof seed);
	for (i = 0; i < sizeof seed; i++)
		turned[i] = (uint8_t)~seed[i];
	for (i = 0; i < sizeof turned_hex; i++)
		turned_hex[i] = (uint8_t)~hex[i];
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(hex, sizeof hex);
	/* The search finds what is there: the parent's own page. */
	assert_true(memory_holds(turned, sizeof turned));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int found = memory_holds(turned, 16) ? 1 : 0;

		found |= memory_holds(turned_hex, 16) ? 2 : 0;
		found |= memory_holds(turned_hex + 32, 16) ? 4 : 0;
		_exit(found);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	struct place place;
	const struct CMUnitTest tests[] = {
		{"the_signer_is_the_epoch", the_signer_is_the_epoch, place_make,
			place_clear, &place},
		{"a_forked_child_holds_the_secret_nowhere_in_its_memory",
			a_forked_child_holds_the_secret_nowhere_in_its_memory,
			place_make, place_clear, &place},
	};

	return cmocka_run_group_tests_name("keys and children", tests, NULL, NULL);
}
