#include "analyzer/ingest/arrivals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "analyzer/ingest/address.h"
#include "common/clock.h"
#include "common/log.h"

/* Opening one costs a tenth of a millisecond, and a probe sends a few in five minutes. */
#define OPENED_A_SECOND 400
#define SECOND_US INT64_C(1000000)
#define BATCHES 4096
#define BATCHES_A_PROBE 64

struct arrived {
	uint8_t token_hash[HASH_BYTES], batch[ONEWAY_BATCH_BYTES];
	int64_t at_us; /* of the newest; 0: an empty place */
	uint8_t numbers; /* bit i: datagram i has come */
};

struct arrivals {
	struct opener *opener;
	const struct identity *identity;
	pthread_t thread;
	pthread_mutex_t lock;
	bool started;
	int fd, stop;
	int64_t start_us, second_us;
	int opened; /* in that second */
	struct arrived batches[BATCHES];
};

/* The batch's place, or the one to take for it: the oldest of the probe's where it has so
 * many, else the oldest of all. */
static struct arrived *
find_place(struct arrivals *a, const uint8_t *token_hash, const uint8_t *batch)
{
	struct arrived *oldest = &a->batches[0], *own = NULL;
	size_t owns = 0;

	for (size_t i = 0; i < BATCHES; i++) {
		struct arrived *b = &a->batches[i];

		if (b->at_us < oldest->at_us)
			oldest = b;
		if (!b->at_us || memcmp(b->token_hash, token_hash, HASH_BYTES) != 0)
			continue;
		if (memcmp(b->batch, batch, ONEWAY_BATCH_BYTES) == 0)
			return b;
		owns++;
		if (!own || b->at_us < own->at_us)
			own = b;
	}
	oldest = owns >= BATCHES_A_PROBE ? own : oldest;
	*oldest = (struct arrived){.at_us = 0};
	return oldest;
}

/* How many of its batch have come, with this one. */
static uint8_t
count(struct arrivals *a, const struct oneway *o)
{
	struct arrived *b;
	uint8_t n;

	pthread_mutex_lock(&a->lock);
	b = find_place(a, o->proof, o->batch);
	memcpy(b->token_hash, o->proof, HASH_BYTES);
	memcpy(b->batch, o->batch, ONEWAY_BATCH_BYTES);
	b->at_us = clock_boot_us();
	b->numbers |= (uint8_t)(1 << o->number);
	n = (uint8_t)__builtin_popcount(b->numbers);
	pthread_mutex_unlock(&a->lock);
	return n;
}

static bool
may_open(struct arrivals *a)
{
	int64_t now_us = clock_boot_us();

	if (now_us - a->second_us >= SECOND_US) {
		a->second_us = now_us;
		a->opened = 0;
	}
	return a->opened++ < OPENED_A_SECOND;
}

static void
receive(struct arrivals *a)
{
	uint8_t bytes[ONEWAY_BYTES + 1], said[ONEWAY_ANSWER_BYTES];
	struct sockaddr_storage from;
	socklen_t from_n = sizeof from;
	struct oneway o;
	ssize_t n = recvfrom(a->fd, bytes, sizeof bytes, MSG_DONTWAIT,
		(struct sockaddr *)&from, &from_n);

	if (n != ONEWAY_BYTES || !may_open(a) ||
		!oneway_read(&o, bytes, (size_t)n, a->identity->key) ||
		!opener_knows(a->opener, o.proof))
		return;
	oneway_answer(said, &o, count(a, &o));
	/* One that does not leave is one that does not come back. */
	(void)sendto(a->fd, said, sizeof said, MSG_DONTWAIT,
		(const struct sockaddr *)&from, from_n);
}

static void *
listen_on(void *arg)
{
	struct arrivals *a = arg;
	struct pollfd fds[] = {
		{a->fd, POLLIN, 0},
		{a->stop, POLLIN, 0},
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			bug("poll: %s", strerror(errno));
		if (fds[1].revents)
			return NULL;
		if (fds[0].revents)
			receive(a);
	}
}

enum err
arrivals_open(struct arrivals **out, struct opener *opener,
	const struct identity *identity, const char *address)
{
	struct arrivals *a = calloc(1, sizeof *a);
	enum err err;
	int number;

	if (!a)
		bug("no memory");
	a->opener = opener;
	a->identity = identity;
	a->start_us = clock_boot_us();
	a->fd = -1;
	a->stop = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&a->lock, NULL);
	err = a->stop < 0 ? ERR_IO : address_receive(&a->fd, address);
	if (err == OK) {
		number = pthread_create(&a->thread, NULL, listen_on, a);
		a->started = number == 0;
		if (!a->started) {
			log_error("cannot start a thread: %s", strerror(number));
			err = ERR_IO;
		}
	}
	if (err != OK) {
		arrivals_close(a);
		return err;
	}
	*out = a;
	return OK;
}

void
arrivals_close(struct arrivals *a)
{
	if (!a)
		return;
	if (a->started) {
		if (eventfd_write(a->stop, 1) != 0)
			bug("eventfd: %s", strerror(errno));
		pthread_join(a->thread, NULL);
	}
	if (a->fd >= 0)
		close(a->fd);
	if (a->stop >= 0)
		close(a->stop);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static uint8_t
count_of(struct arrivals *a, const uint8_t *token_hash, const uint8_t *batch)
{
	uint8_t n = 0;

	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < BATCHES; i++) {
		const struct arrived *b = &a->batches[i];

		if (b->at_us && memcmp(b->batch, batch, ONEWAY_BATCH_BYTES) == 0 &&
			memcmp(b->token_hash, token_hash, HASH_BYTES) == 0)
			n = (uint8_t)__builtin_popcount(b->numbers);
	}
	pthread_mutex_unlock(&a->lock);
	return n;
}

bool
arrivals_tell(struct buf *out, struct arrivals *a,
	const uint8_t token_hash[static HASH_BYTES], struct span batches)
{
	buf_printf(
		out, "counting_us %lld\n", (long long)(clock_boot_us() - a->start_us));
	for (size_t i = 0; i < ONEWAY_ASKED_MOST; i++) {
		struct span hex = {batches.at, ONEWAY_BATCH_HEX_BYTES - 1};
		uint8_t batch[ONEWAY_BATCH_BYTES];

		if (batches.len < hex.len || !crypto_unhex(batch, sizeof batch, hex))
			return false;
		buf_printf(out, "%.*s %u\n", (int)hex.len, hex.at,
			count_of(a, token_hash, batch));
		batches.at += hex.len;
		batches.len -= hex.len;
		if (!batches.len)
			return true;
		if (batches.at[0] != ',')
			return false;
		batches.at++;
		batches.len--;
	}
	return false;
}
