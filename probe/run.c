#include "probe/steps.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "probe/child.h"
#include "probe/doors/capture.h"

#define AT_ONCE_MAX 8
/* Longer than a radio needs to wake; in the dark a round is not to wait. */
#define WARM_US INT64_C(2000000)
/* No check moves more; a child that claims more has lost its mind. */
#define JOB_BYTES_MAX (UINT32_C(4) << 20)

struct runner {
	const struct crypto_key *key;
	size_t at_once;
	int64_t next_start_us;
	int64_t last_start_us;
	struct child slots[AT_ONCE_MAX];
	struct child aside;
	bool aside_done;
	struct exhibits *exhibits; /* NULL: none are taken */
	uint8_t memory[CHECK_COUNT][ATTEMPT_MEMORY_BYTES];
};

enum err
runner_open(struct runner **runner, size_t at_once, const struct crypto_key *key)
{
	struct runner *r = calloc(1, sizeof(*r));
	enum err err = OK;

	if (r == NULL)
		bug("out of memory");
	r->key = key;
	r->at_once = at_once < AT_ONCE_MAX ? at_once : AT_ONCE_MAX;
	err = child_page(&r->aside.page, ASIDE_BYTES);
	for (size_t i = 0; err == OK && i < r->at_once; i++)
		err = child_page(&r->slots[i].page, sizeof(struct attempt));
	if (err != OK) {
		runner_close(r);
		r = NULL;
	}
	*runner = r;
	return err;
}

void
runner_shows(struct runner *r, struct exhibits *exhibits)
{
	r->exhibits = exhibits;
}

void
runner_close(struct runner *r)
{
	struct rusage usage;

	if (r == NULL)
		return;
	for (size_t i = 0; i < r->at_once; i++) {
		if (r->slots[i].pid != 0)
			child_end(&r->slots[i], &usage);
		if (r->slots[i].page != NULL)
			munmap(r->slots[i].page, sizeof(struct attempt));
	}
	if (r->aside.pid != 0)
		child_end(&r->aside, &usage);
	if (r->aside.page != NULL)
		munmap(r->aside.page, ASIDE_BYTES);
	free(r);
}

/* Sleeps until that time, until a child ends or a signal comes; SIGTERM and SIGINT, which
 * the program keeps blocked, arrive here and nowhere else, so none is slept through. */
static void
wait_for_event(struct runner *r, int64_t until_us)
{
	struct pollfd fds[AT_ONCE_MAX + 1];
	int64_t wait_us;
	sigset_t none;
	nfds_t n = 0;

	for (size_t i = 0; i < r->at_once; i++)
		if (r->slots[i].pid != 0) {
			fds[n++] = (struct pollfd){r->slots[i].fd, POLLIN, 0};
			if (until_us > r->slots[i].deadline_us)
				until_us = r->slots[i].deadline_us;
		}
	if (r->aside.pid != 0) {
		fds[n++] = (struct pollfd){r->aside.fd, POLLIN, 0};
		if (until_us > r->aside.deadline_us)
			until_us = r->aside.deadline_us;
	}
	wait_us = until_us - clock_boot_us();
	if (wait_us < 0)
		wait_us = 0;
	sigemptyset(&none);
	ppoll(fds, n,
		&(struct timespec){wait_us / 1000000, (long)(wait_us % 1000000) * 1000},
		&none);
}

/* The child aside, when it ended or is over its time. */
static void
look_aside(struct runner *r)
{
	if (r->aside.pid != 0 &&
		(child_ended(&r->aside) || clock_boot_us() >= r->aside.deadline_us))
		runner_aside_end(r);
}

void
runner_unmeasured(struct measurement *m, const struct job *job, enum reason reason,
	int64_t now_us)
{
	memset(m, 0, sizeof(*m));
	SET(m, kind, LINE_measurement);
	SET(m, check, job->check);
	SET(m, rung, job->rung);
	SET(m, round, job->round);
	SET(m, t_us, now_us > job->origin_us ? now_us - job->origin_us : 0);
	SET(m, took_us, 0);
	SET(m, stage, STAGE_start);
	SET(m, outcome, OUTCOME_unmeasured);
	SET(m, reason, reason);
	if (job->uplink_number > 0)
		SET(m, uplink, job->uplink_number);
	if (job->target.id[0] != '\0' &&
		measurement_set_text(m, FIELD_target, job->target.id) != OK)
		bug("a target id that no line may hold");
}

/* The child's facts, with nothing in them that reading could trip over: it may have
 * written any bytes. Values out of range are the encoder's to refuse. */
static bool
take_facts(struct measurement *m, const struct attempt *page)
{
	unsigned char has[FIELD_COUNT];

	memcpy(m, &page->m, sizeof(*m));
	memcpy(has, m->has, sizeof(has));
	for (size_t i = 0; i < FIELD_COUNT; i++)
		m->has[i] = has[i] != 0;
#define TEXT(name, needed, allowed, max, since, sentence) m->name[max] = '\0';
#define LIST(name, needed, allowed, count, max, since, sentence)                       \
	if (m->name##_n > (count))                                                     \
		return false;
#include "common/measurement.def"
	return true;
}

/* What the parent knows better than the child. */
static void
put_own(struct measurement *m, const struct measurement *own)
{
	m->has[FIELD_target] = own->has[FIELD_target];
	memcpy(m->target, own->target, sizeof(m->target));
	m->has[FIELD_uplink] = own->has[FIELD_uplink];
	m->uplink = own->uplink;
	SET(m, kind, own->kind);
	SET(m, check, own->check);
	SET(m, rung, own->rung);
	SET(m, round, own->round);
	SET(m, t_us, own->t_us);
	SET(m, took_us, own->took_us);
}

static bool
can_be_said(const struct measurement *m)
{
	struct buf line = {0};
	bool ok = measurement_encode(&line, m) == OK;

	buf_free(&line);
	return ok;
}

static int64_t
cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * INT64_C(1000000) +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

/* One ended or overdue child -> its measurement. */
static void
finish(struct measurement *m, uint64_t bytes[static UPLINKS_MAX], struct runner *r,
	struct child *slot, const struct job *job)
{
	const struct attempt *page = slot->page;
	bool by_itself = child_ended(slot), well;
	bool overdue = clock_boot_us() >= slot->deadline_us;
	struct measurement own;
	struct rusage usage;
	uint32_t spent;

	well = child_end(slot, &usage);
	runner_unmeasured(&own, job, REASON_internal, slot->start_us);
	own.took_us = clock_boot_us() - slot->start_us;
	spent = page->bytes < JOB_BYTES_MAX ? page->bytes : JOB_BYTES_MAX;
	bytes[job->uplink_number] += spent;
	/* The pace is between packets: who sent none owes none. */
	if (spent == 0 && slot->start_us == r->last_start_us)
		r->next_start_us = slot->start_us;
	/* Ended by us before its time: the program stops, the network is not to blame. */
	if (!by_itself && !overdue)
		well = false;
	if (by_itself && *(const unsigned char *)&page->finished != 1)
		well = false;
	if ((!well && !(overdue && !by_itself)) || !take_facts(m, page)) {
		*m = own;
		return;
	}
	memcpy(r->memory[job->check], page->memory, sizeof(page->memory));
	put_own(m, &own);
	m->has[FIELD_exhibit_sha256] = false; /* no child says that */
	if (r->exhibits != NULL)
		exhibits_take(m, r->exhibits, &page->exhibit, clock_boot_us());
	SET(m, cpu_us, cpu_us(&usage));
	if (!by_itself) {
		SET(m, outcome, OUTCOME_generic_timeout_error);
		m->has[FIELD_reason] = false;
	}
	if (!can_be_said(m))
		*m = own;
}

static void
run_check(void *arg, void *page, size_t page_bytes)
{
	struct attempt *attempt = page;

	(void)arg;
	(void)page_bytes;
	check_row(attempt->job.check)->run(attempt);
	attempt->finished = true;
}

/* The way to whoever captures, for whose packets are captured. */
static int
kept_file(const struct job *job)
{
	const struct inherited *inherited = job->inherited;

	if ((job->check != CHECK_speed && !job->captures) || !inherited ||
		!inherited->capture)
		return 0;
	return inherited->capture->fd > 0 ? inherited->capture->fd : 0;
}

static bool
start_job(struct runner *r, struct child *slot, size_t at, const struct job *job,
	int64_t pace_us)
{
	struct attempt *page = slot->page;

	child_clear(page, sizeof(*page));
	page->job = *job;
	memcpy(page->memory, r->memory[job->check], sizeof(page->memory));
	runner_unmeasured(&page->m, job, REASON_none, clock_boot_us());
	page->m.has[FIELD_outcome] = page->m.has[FIELD_reason] = false;
	page->m.has[FIELD_took_us] = false;
	slot->job = at;
	slot->keep = kept_file(job);
	if (child_start(slot, r->key, run_check, NULL, sizeof(*page),
		    job->warm ? WARM_US : check_row(job->check)->deadline_us) != OK)
		return false;
	r->last_start_us = slot->start_us;
	r->next_start_us = slot->start_us + pace_us;
	return true;
}

/* Takes what ended or is overdue, and of what runs its stage; returns a free slot, or
 * NULL. */
static struct child *
collect(struct measurement *ms, uint64_t bytes[static UPLINKS_MAX], struct runner *r,
	const struct job *jobs, bool all, size_t *busy)
{
	struct child *free_slot = NULL;

	*busy = 0;
	for (size_t i = 0; i < r->at_once; i++) {
		struct child *slot = &r->slots[i];

		if (slot->pid != 0 && (all || child_ended(slot) ||
					      clock_boot_us() >= slot->deadline_us)) {
			finish(&ms[slot->job], bytes, r, slot, &jobs[slot->job]);
			child_clear(slot->page, sizeof(struct attempt));
		}
		if (slot->pid == 0) {
			free_slot = slot;
			continue;
		}
		/* How far it says it is: a number that is compared and nothing else. */
		ms[slot->job].stage = ((const struct attempt *)slot->page)->m.stage;
		(*busy)++;
	}
	return free_slot;
}

void
runner_run(struct measurement *ms, uint64_t bytes[static UPLINKS_MAX], struct runner *r,
	const struct job *jobs, size_t n, struct schedule *s,
	const struct config *config, const volatile sig_atomic_t *stop)
{
	int64_t began_us = clock_boot_us();
	size_t next = 0, busy = 0;

	memset(ms, 0, n * sizeof(*ms));
	while (!*stop) {
		struct child *slot = collect(ms, bytes, r, jobs, false, &busy);
		bool ready = slot != NULL && next < n;

		look_aside(r);
		if (next == n && busy == 0)
			return;
		if (ready && clock_boot_us() >= r->next_start_us) {
			int64_t now_us = clock_boot_us();
			struct job job;

			if (dark_leaves_out(&job, jobs, ms, next, now_us - began_us))
				runner_unmeasured(
					&ms[next], &job, REASON_lower_rung, now_us);
			else if (!start_job(r, slot, next, &job,
					 schedule_pace_us(s, config, &job)))
				runner_unmeasured(
					&ms[next], &job, REASON_internal, now_us);
			next++;
			continue;
		}
		wait_for_event(r, ready ? r->next_start_us : INT64_MAX);
	}
	collect(ms, bytes, r, jobs, true, &busy);
	for (; next < n; next++)
		runner_unmeasured(
			&ms[next], &jobs[next], REASON_internal, clock_boot_us());
}

enum err
runner_aside(struct runner *r, aside_fn *fn, void *arg, int64_t deadline_us)
{
	if (r->aside.pid != 0)
		bug("a second child aside");
	child_clear(r->aside.page, ASIDE_BYTES);
	r->aside_done = false;
	return child_start(&r->aside, r->key, fn, arg, ASIDE_BYTES, deadline_us);
}

bool
runner_aside_busy(const struct runner *r)
{
	return r->aside.pid != 0 || r->aside_done;
}

void
runner_aside_end(struct runner *r)
{
	struct rusage usage;

	if (r->aside.pid == 0)
		return;
	child_end(&r->aside, &usage);
	r->aside_done = true;
}

bool
runner_aside_done(struct runner *r, const void **page, size_t *page_bytes)
{
	look_aside(r);
	if (!r->aside_done)
		return false;
	r->aside_done = false;
	*page = r->aside.page;
	*page_bytes = ASIDE_BYTES;
	return true;
}

void
runner_wait(struct runner *r, int64_t until_us)
{
	look_aside(r);
	if (!r->aside_done)
		wait_for_event(r, until_us);
}
