#include "analyzer/analysis/bottleneck.h"

#include <stdbool.h>
#include <stdio.h>

#define LOSSES_LEAST 15 /* Flach et al., section 3: fewer say nothing */
/* A fit that luck does not give: losses at random reach .45 with twenty of them, .2 with a
 * hundred (1.2 over the root of their number, and .3 for what TCP does by itself). */
#define FIT_LEAST 300
#define FIT_LUCK 1200
#define CLEAN_BYTES 1000000 /* a bucket may hold that much before it shows */
#define STRAY_SHARE 2000 /* one loss in so many packets is nobody's doing */
#define PACKET_BITS (INT64_C(1500) * 8)
/* A queue that drops held two packets: what holds one is a meter. */
#define QUEUE_PACKETS 2
#define QUEUE_LEAST_US 3000
#define LOAD_LEAST_US 10000 /* without a full queue's losses: more than jitter */
#define LOSS_WAITS_LEAST 3
/* Packets, below which waiting alone tells of no queue; and of one that is flat. */
#define SENT_LEAST 250
#define FLAT_SENT_LEAST 50
#define SERVICE_LEAST 5
#define SERVICE_FLAT_LEAST 700
#define SERVICE_FLAT_ALONE 860
#define STEPS_LEAST 10
#define STEPS_FLAT_LEAST 667
#define STEPS_FLAT_BESIDE 500
#define OWN_FIT_LEAST 750

static const char *const names[] = {[BOTTLENECK_POLICED] = "policed",
	[BOTTLENECK_SHAPED] = "shaped",
	[BOTTLENECK_CONGESTED] = "congested",
	[BOTTLENECK_LOSSY] = "lossy",
	[BOTTLENECK_CLEAN] = "clean",
	[BOTTLENECK_INSUFFICIENT] = "insufficient"};

const char *
bottleneck_name(enum bottleneck bottleneck)
{
	return names[bottleneck];
}

static bool
meter_fits(const struct flow_facts *f)
{
	int64_t over = f->meter.fit_permille - FIT_LEAST;

	return f->lost >= LOSSES_LEAST && over > 0 &&
	       over * over * (int64_t)f->onsets >= (int64_t)FIT_LUCK * FIT_LUCK;
}

/* How long a queue's packets last that a meter's does not hold. */
static int64_t
queue_us(const struct flow_facts *f, int64_t least_us)
{
	int64_t us = 0;

	if (meter_fits(f) && f->meter.rate_bps > 0)
		us = QUEUE_PACKETS * PACKET_BITS * 1000000 / f->meter.rate_bps;
	return us > least_us ? us : least_us;
}

/* Packet by packet, so that nobody else's are between them, and over longer pieces, so
 * that none were between those that came together. Either alone must be all the better. */
static bool
is_flat(const struct flow_facts *f)
{
	bool steps =
		f->step_n >= STEPS_LEAST && f->step_flat_permille >= STEPS_FLAT_LEAST;

	if (f->service_n < SERVICE_LEAST)
		return steps;
	return (steps && f->service_flat_permille >= SERVICE_FLAT_LEAST) ||
	       (f->service_flat_permille >= SERVICE_FLAT_ALONE &&
		       f->step_flat_permille >= STEPS_FLAT_BESIDE);
}

/* A queue that none but this transfer fills drops by this transfer's own bucket. */
static bool
own_queue(const struct flow_facts *f)
{
	return is_flat(f) ||
	       (f->lost >= LOSSES_LEAST && f->meter.fit_permille >= OWN_FIT_LEAST);
}

/* Nobody knows how long packets waited: they came one behind the other all the time. */
static bool
comes_evenly(const struct flow_facts *f)
{
	return is_flat(f) && f->service_n >= SERVICE_LEAST;
}

static bool
few_losses(const struct flow_facts *f)
{
	return f->lost < LOSSES_LEAST;
}

/* What was dropped found the queue as full as it gets. */
static bool
drops_from_queue(const struct flow_facts *f)
{
	if (f->wait_high_us < 0)
		return comes_evenly(f);
	return f->loss_waits >= LOSS_WAITS_LEAST &&
	       f->wait_at_loss_us >= queue_us(f, QUEUE_LEAST_US) &&
	       f->wait_at_loss_us * 5 >= f->wait_high_us * 4;
}

/* Most wait, and what was dropped had waited like them: losses that come when little
 * waits are not the queue's, nor is jitter one, in which most wait little. */
static bool
fills_queue(const struct flow_facts *f)
{
	int64_t least_us = is_flat(f) ? QUEUE_LEAST_US : LOAD_LEAST_US;

	if (f->wait_high_us < 0)
		return comes_evenly(f);
	if (f->lost >= LOSSES_LEAST && f->loss_waits >= LOSS_WAITS_LEAST &&
		f->wait_at_loss_us * 2 < f->wait_high_us)
		return false;
	if (few_losses(f) && f->sent < (is_flat(f) ? FLAT_SENT_LEAST : SENT_LEAST))
		return false;
	return f->wait_median_us >= queue_us(f, least_us) &&
	       (is_flat(f) || f->wait_median_us * 2 >= f->wait_high_us);
}

static bool
is_policed(const struct flow_facts *own, const struct flow_facts *all)
{
	return own->lost > 0 && meter_fits(all) && !drops_from_queue(all) &&
	       !drops_from_queue(own) && !fills_queue(own);
}

/* ---- sentences ---- */

struct decimal {
	char text[32];
};

/* 1234567 of a millionth each is "1.23". */
static struct decimal
decimal(int64_t micros)
{
	struct decimal d;
	int64_t hundredths = (micros + (micros < 0 ? 0 : 5000)) / 10000;

	snprintf(d.text, sizeof d.text, "%lld.%02lld", (long long)(hundredths / 100),
		(long long)(hundredths % 100));
	return d;
}

static void
say_policed(struct bottleneck_verdict *v, const struct flow_facts *all)
{
	v->is = BOTTLENECK_POLICED;
	v->rate_bps = all->meter.rate_bps;
	v->burst_bytes = all->meter.burst_bytes;
	snprintf(v->why, sizeof v->why,
		"%zu of %zu packets were lost, and a token bucket of %s Mbit/s and "
		"%lld bytes was empty then and not otherwise (fit %s of 1); those "
		"right "
		"before a loss had waited %s ms, so that no queue dropped them",
		all->lost, all->sent, decimal(all->meter.rate_bps).text,
		(long long)all->meter.burst_bytes,
		decimal((int64_t)all->meter.fit_permille * 1000).text,
		all->wait_at_loss_us < 0 ? "an unknown number of"
					 : decimal(all->wait_at_loss_us * 1000).text);
}

static void
say_queue(struct bottleneck_verdict *v, const struct flow_facts *own)
{
	bool flat = own_queue(own);

	v->is = flat ? BOTTLENECK_SHAPED : BOTTLENECK_CONGESTED;
	v->rate_bps = flat ? own->service_bps : -1;
	snprintf(v->why, sizeof v->why,
		"packets waited (a quarter of them %s ms and more) and left the queue "
		"at "
		"%s Mbit/s, %d%% of the time within an eighth of that: %s; %zu of %zu "
		"packets were lost",
		own->wait_high_us < 0 ? "an unknown number of"
				      : decimal(own->wait_high_us * 1000).text,
		decimal(own->service_bps).text, own->service_flat_permille / 10,
		flat ? "a queue of its own at a flat rate"
		     : "the queue carries others as well",
		own->lost, own->sent);
}

static void
say_lossy(struct bottleneck_verdict *v, const struct flow_facts *own,
	const struct flow_facts *all)
{
	v->is = BOTTLENECK_LOSSY;
	snprintf(v->why, sizeof v->why,
		"%zu of %zu packets were lost, whatever a token bucket would have held "
		"(best fit %s of 1) and without a full queue before them (they had "
		"waited %s ms)",
		own->lost, own->sent,
		decimal((int64_t)all->meter.fit_permille * 1000).text,
		own->wait_at_loss_us < 0 ? "an unknown number of"
					 : decimal(own->wait_at_loss_us * 1000).text);
}

static void
say_rest(struct bottleneck_verdict *v, const struct flow_facts *own,
	uint64_t payload_bytes)
{
	bool stray = own->lost * STRAY_SHARE <= own->sent;

	v->is = BOTTLENECK_INSUFFICIENT;
	if (!stray) {
		snprintf(v->why, sizeof v->why,
			"%zu of %zu packets were lost: fewer than the %d that a "
			"verdict "
			"on losses needs",
			own->lost, own->sent, LOSSES_LEAST);
	} else if (payload_bytes < CLEAN_BYTES) {
		snprintf(v->why, sizeof v->why,
			"%llu bytes met neither loss nor queue, but a bucket of a "
			"meter "
			"may hold as much: it takes %d",
			(unsigned long long)payload_bytes, CLEAN_BYTES);
	} else {
		v->is = BOTTLENECK_CLEAN;
		snprintf(v->why, sizeof v->why,
			"%llu bytes at %s Mbit/s met neither meter nor queue: %zu of "
			"%zu packets were lost, and three in four waited less than "
			"%s ms",
			(unsigned long long)payload_bytes,
			decimal(own->passed_bps).text, own->lost, own->sent,
			own->wait_high_us < 0 ? "an unknown number of"
					      : decimal(own->wait_high_us * 1000).text);
	}
}

void
bottleneck_judge(struct bottleneck_verdict *verdict, const struct flow_facts *own,
	const struct flow_facts *all, uint64_t payload_bytes)
{
	*verdict = (struct bottleneck_verdict){.rate_bps = -1, .burst_bytes = -1};
	if (is_policed(own, all))
		say_policed(verdict, all);
	else if (drops_from_queue(own) || fills_queue(own))
		say_queue(verdict, own);
	else if (!few_losses(own))
		say_lossy(verdict, own, all);
	else
		say_rest(verdict, own, payload_bytes);
}
