#include "probe/steps.h"

#include <string.h>

/* ---- which there are ---- */

static bool
uplinks_holds(const char (*names)[16], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void
uplinks_forget(struct uplinks *u, uint8_t at)
{
	for (uint8_t i = at; i + 1 < u->n; i++) {
		memcpy(u->names[i], u->names[i + 1], sizeof(u->names[i]));
		u->seen_us[i] = u->seen_us[i + 1];
	}
	u->n--;
	u->moves++;
}

void
uplinks_take(struct uplinks *u, const char (*found)[16], size_t n, int64_t now_us,
	int64_t gone_us)
{
	bool known = false;

	for (uint8_t i = 0; i < u->n; i++)
		known |= uplinks_holds(found, n, u->names[i]);
	for (uint8_t i = u->n; i-- > 0;) {
		if (uplinks_holds(found, n, u->names[i]))
			u->seen_us[i] = now_us;
		/* Where all that there is is new, nobody waits for those that there were. */
		else if (n > 0 && (!known || now_us - u->seen_us[i] >= gone_us))
			uplinks_forget(u, i);
	}
	for (size_t i = 0; i < n && u->n < UPLINKS_MAX; i++) {
		if (uplinks_holds(u->names, u->n, found[i]))
			continue;
		memcpy(u->names[u->n], found[i], sizeof(u->names[u->n]));
		u->seen_us[u->n++] = now_us;
	}
}

enum medium
uplinks_medium(const struct uplinks *u, uint8_t number, enum medium declared)
{
	if (u->mobile[number])
		return MEDIUM_mobile;
	return number == 0 ? declared : MEDIUM_unknown;
}

/* ---- what is measured over the second ---- */

/* Where a job of a low rung, or of a high one, or a costly one is to stand: behind the last
 * of its part of the climb, and before a trace, which goes its own slow pace. */
static size_t
uplinks_place(const struct job *jobs, size_t n, const struct job *job)
{
	bool beyond = job->rung > RUNG_router;
	size_t at = 0;

	if (costly_row(job->check) != NULL)
		return n;
	while (at < n && costly_row(jobs[at].check) == NULL &&
		(beyond || jobs[at].rung <= RUNG_router))
		at++;
	return at;
}

/* Names are asked of the first uplink's resolver: only an address is safe to be found. */
static bool
uplinks_has_address(const struct job *job)
{
	const char *address = job->target.address;

	return address[0] != '\0' && strcmp(address, "resolver") != 0;
}

/* Is another target's job of this check the one to make? Hosts abroad tell more. */
static bool
uplinks_is_outdone(const struct job *jobs, size_t n, size_t at)
{
	bool abroad = jobs[at].rung == RUNG_international;

	for (size_t i = 0; i < n; i++) {
		bool more = jobs[i].rung == RUNG_international;

		if (jobs[i].check == jobs[at].check && uplinks_has_address(&jobs[i]) &&
			(more == abroad ? i < at : more))
			return true;
	}
	return false;
}

static bool
uplinks_wants(const struct job *jobs, size_t n, size_t at)
{
	const struct job *job = &jobs[at];

	if (job->check == CHECK_link || job->check == CHECK_router ||
		job->check == CHECK_speed)
		return true;
	if (costly_row(job->check) != NULL || job->rung <= RUNG_router ||
		!uplinks_has_address(job))
		return false;
	return job->check == CHECK_ping || !uplinks_is_outdone(jobs, n, at);
}

static void
uplinks_bind(struct job *job, const struct uplinks *u, uint8_t number)
{
	memcpy(job->uplink, u->names[number], sizeof(job->uplink));
	job->uplink_number = number;
	job->bound = true;
}

/* Moves the last job to its place. */
static void
uplinks_sort_in(struct job *jobs, size_t n)
{
	struct job job = jobs[n - 1];
	size_t at = uplinks_place(jobs, n - 1, &job);

	memmove(&jobs[at + 1], &jobs[at], (n - 1 - at) * sizeof(*jobs));
	jobs[at] = job;
}

void
uplinks_lead(struct job *jobs, size_t n, const struct uplinks *u)
{
	for (size_t i = 0; u->n > 1 && i < n; i++)
		uplinks_bind(&jobs[i], u, 0);
}

size_t
uplinks_add(
	struct job *jobs, size_t n, size_t max, const struct uplinks *u, uint32_t bytes)
{
	size_t all = n;

	for (size_t i = 0; u->n > 1 && i < n && all < max; i++) {
		if (!uplinks_wants(jobs, n, i))
			continue;
		jobs[all] = jobs[i];
		uplinks_bind(&jobs[all], u, 1);
		if (jobs[all].bytes > bytes)
			jobs[all].bytes = bytes;
		all++;
	}
	for (size_t i = n; i < all; i++)
		uplinks_sort_in(jobs, i + 1);
	return all;
}
