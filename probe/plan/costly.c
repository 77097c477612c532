#include "probe/steps.h"

/* Names are slowed to 140 kbit/s and more (Xue et al., IMC 2021): where the whole line
 * is no faster than twice that, both names look alike, and to find out takes a minute. */
#define SLOW_BPS 300000
/* Connections have been capped at 14 to 20 kB, a handshake's certificates and all; a page of
 * so many shows that, and on EDGE it is there in three seconds. */
#define LARGE_LEAST_BYTES 32768
/* Where one echo of so many is lost, of at least so many, a transfer waits for its timer
 * more than it sends (Padhye et al., SIGCOMM 1998): no two of them can be compared. */
#define LOSSY_OF 4
#define LOSSY_LEAST 8
/* Of one batch. */
#define DATAGRAMS 4

static void
set_trace(struct job *job, const struct turn *turn)
{
	job->protocol = (enum protocol)(turn->count % PROTOCOL_COUNT);
}

/* Down first: where that finds nobody the climb leaves the other way out. */
static void
set_speed(struct job *job, const struct turn *turn)
{
	job->direction = turn->at == 0 ? DIRECTION_down : DIRECTION_up;
	job->bytes = (uint32_t)turn->profile->speed_bytes;
	if (turn->change && turn->room && turn->profile->full_bytes > 0)
		job->bytes = (uint32_t)turn->profile->full_bytes;
}

static void
set_compare(struct job *job, const struct turn *turn)
{
	job->bytes = (uint32_t)turn->profile->compare_bytes;
	job->count = (uint8_t)turn->profile->compare_pairs;
	job->order = (uint16_t)turn->random;
}

static void
set_large(struct job *job, const struct turn *turn)
{
	job->bytes = (uint32_t)turn->profile->large_bytes;
}

static void
set_oneway(struct job *job, const struct turn *turn)
{
	(void)turn;
	job->count = DATAGRAMS;
}

#define EVERY(member) offsetof(struct profile_settings, member)

/* In the order in which they stand at the end of a round. */
static const struct costly rows[] = {
	{CHECK_dnssec, RUNG_names, WHOM_TARGET, 1, EVERY(dnssec_us), .rare = true},
	{CHECK_oneway, RUNG_international, WHOM_ANALYZER, 1, EVERY(oneway_us),
		.wide = true, .on_change = true, .set = set_oneway},
	/* It speaks of a low rung and stands at the end all the same: while it goes its own
	 * slow pace nothing else starts. */
	{CHECK_trace, RUNG_access, WHOM_TARGET, 1, EVERY(trace_us), .wide = true,
		.set = set_trace},
	{CHECK_speed, RUNG_quality, WHOM_ANALYZER, 2, EVERY(speed_us), .alone = true,
		.on_change = true, .set = set_speed},
	{CHECK_compare, RUNG_international, WHOM_TARGET, 1, EVERY(compare_us),
		.alone = true, .rare = true, .on_change = true, .whole = true,
		.least_bps = SLOW_BPS, .set = set_compare},
	{CHECK_locate, RUNG_transport, WHOM_MINDED, 1, EVERY(locate_us), .alone = true,
		.rare = true},
	{CHECK_large, RUNG_COUNT, WHOM_BOTH, 2, EVERY(large_us), .alone = true,
		.rare = true, .on_change = true, .whole = true, .set = set_large},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct costly *
costly_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

const struct costly *
costly_row(enum check check)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].check == check)
			return &rows[i];
	return NULL;
}

int64_t
costly_interval_us(const struct costly *row, const struct profile_settings *profile)
{
	return *(const int64_t *)((const char *)profile + row->interval);
}

static bool
is_slower(const struct job *job, const struct measurement *ms, size_t n, int64_t bps)
{
	for (size_t i = 0; i < n; i++)
		if (ms[i].check == CHECK_speed && ms[i].outcome == OUTCOME_ok &&
			ms[i].direction == DIRECTION_down && ms[i].transfer_us > 0 &&
			ladder_uplink(&ms[i]) == job->uplink_number &&
			ms[i].body_bytes * 8 * 1000000 / ms[i].transfer_us < bps)
			return true;
	return false;
}

/* Of hosts that answered at all: who is silent altogether may be cut off by himself. */
static bool
is_lossy(const struct job *job, const struct measurement *ms, size_t n)
{
	int64_t sent = 0, received = 0;

	for (size_t i = 0; i < n; i++) {
		if (ms[i].check != CHECK_ping || ms[i].rung <= RUNG_access ||
			ms[i].received == 0 ||
			ladder_uplink(&ms[i]) != job->uplink_number)
			continue;
		sent += ms[i].sent;
		received += ms[i].received;
	}
	return sent >= LOSSY_LEAST && (sent - received) * LOSSY_OF > sent;
}

bool
costly_tells_nothing(const struct job *job, const struct measurement *ms, size_t n)
{
	const struct costly *row = costly_row(job->check);

	return row != NULL && (is_slower(job, ms, n, row->least_bps) ||
				      (row->whole && is_lossy(job, ms, n)));
}

void
costly_fit(struct job *job, const struct measurement *ms, size_t n)
{
	if (job->check == CHECK_large && job->bytes > LARGE_LEAST_BYTES &&
		is_slower(job, ms, n, SLOW_BPS))
		job->bytes = LARGE_LEAST_BYTES;
}
