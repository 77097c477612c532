#include "analyzer/ingest/deadlines.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"

#define SWEEP_US INT64_C(250000)

struct deadline {
	struct deadline *before, *after;
	int64_t at_us; /* CLOCK_BOOTTIME */
	int fd;
};

struct deadlines {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ending;
	int64_t limit_us;
	struct deadline ring; /* its own neighbour when nobody is here */
};

static void
sweep(struct deadlines *d)
{
	int64_t now_us = clock_boot_us();

	for (struct deadline *e = d->ring.after; e != &d->ring; e = e->after) {
		if (e->at_us > now_us)
			continue;
		shutdown(e->fd, SHUT_RDWR);
		e->at_us = INT64_MAX;
	}
}

static void *
watch(void *arg)
{
	struct deadlines *d = arg;
	struct timespec until;

	pthread_mutex_lock(&d->lock);
	while (!d->ending) {
		sweep(d);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += SWEEP_US * 1000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&d->wake, &d->lock, &until);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

enum err
deadlines_open(struct deadlines **out, int64_t limit_us)
{
	struct deadlines *d = calloc(1, sizeof *d);
	pthread_condattr_t attr;
	int number;

	if (!d)
		bug("no memory");
	d->limit_us = limit_us;
	d->ring.before = d->ring.after = &d->ring;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->wake, &attr);
	pthread_condattr_destroy(&attr);
	number = pthread_create(&d->thread, NULL, watch, d);
	if (number != 0) {
		log_error("cannot start a thread: %s", strerror(number));
		free(d);
		return ERR_IO;
	}
	*out = d;
	return OK;
}

void
deadlines_close(struct deadlines *d)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	if (d->ring.after != &d->ring)
		bug("a connection outlived its server");
	d->ending = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	pthread_cond_destroy(&d->wake);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

struct deadline *
deadlines_enter(struct deadlines *d, int fd)
{
	struct deadline *e = calloc(1, sizeof *e);

	if (!e)
		bug("no memory");
	e->fd = fd;
	e->at_us = clock_boot_us() + d->limit_us;
	pthread_mutex_lock(&d->lock);
	e->before = &d->ring;
	e->after = d->ring.after;
	e->after->before = e;
	d->ring.after = e;
	pthread_mutex_unlock(&d->lock);
	return e;
}

/* One whose time is up stays so: its socket is shut already. */
void
deadlines_renew(struct deadlines *d, struct deadline *e)
{
	pthread_mutex_lock(&d->lock);
	if (e->at_us != INT64_MAX)
		e->at_us = clock_boot_us() + d->limit_us;
	pthread_mutex_unlock(&d->lock);
}

void
deadlines_leave(struct deadlines *d, struct deadline *e)
{
	pthread_mutex_lock(&d->lock);
	e->before->after = e->after;
	e->after->before = e->before;
	pthread_mutex_unlock(&d->lock);
	free(e);
}
