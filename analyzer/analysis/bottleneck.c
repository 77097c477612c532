#include "analyzer/analysis/bottleneck.h"

#include <stdbool.h>
#include <stdio.h>

#define LOSSES_LEAST 15 /* Flach et al., section 3: fewer say nothing */
/* Losses that come at random reach .35 by luck with fourteen of them, .2 with thirty. */
#define FIT_LEAST 500
#define CLEAN_BYTES 1000000 /* a bucket may hold that much before it shows */
#define STRAY_SHARE 2000 /* one loss in so many packets is nobody's doing */
#define PACKET_BITS (INT64_C(1500) * 8)
/* A queue that drops held two packets: what holds one is a meter. */
#define QUEUE_PACKETS 2
#define QUEUE_LEAST_US 3000
/* Without a loss: what waited is no jitter. */
#define LOAD_PACKETS 4
#define LOAD_LEAST_US 10000
#define LOSS_WAITS_LEAST 3
#define SERVICE_LEAST 5
#define FLAT_LEAST 700

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

/* Of the meter that fits, or of the queue: the faster, the less makes a queue. */
static int64_t
packets_us(const struct flow_facts *f, int64_t packets)
{
	int64_t rate_bps = f->passed_bps;

	if (f->service_n >= SERVICE_LEAST)
		rate_bps = f->service_bps;
	if (f->meter.fit_permille >= FIT_LEAST)
		rate_bps = f->meter.rate_bps;
	return rate_bps > 0 ? packets * PACKET_BITS * 1000000 / rate_bps : 0;
}

static int64_t
at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

static bool
is_flat(const struct flow_facts *f)
{
	return f->service_n >= SERVICE_LEAST && f->service_flat_permille >= FLAT_LEAST;
}

/* What was dropped found the queue as full as it gets. */
static bool
drops_from_queue(const struct flow_facts *f)
{
	if (f->wait_high_us < 0) /* no timestamps: packets came one behind the other */
		return is_flat(f);
	return f->loss_waits >= LOSS_WAITS_LEAST &&
	       f->wait_at_loss_us >=
		       at_least(packets_us(f, QUEUE_PACKETS), QUEUE_LEAST_US) &&
	       f->wait_at_loss_us * 5 >= f->wait_high_us * 4;
}

/* ${wait_us}: what is usual, or what a quarter of them met. */
static bool
fills_queue(const struct flow_facts *f, int64_t wait_us)
{
	if (f->wait_high_us < 0)
		return is_flat(f);
	return f->service_n >= SERVICE_LEAST &&
	       wait_us >= at_least(packets_us(f, LOAD_PACKETS), LOAD_LEAST_US);
}

static bool
few_losses(const struct flow_facts *f)
{
	return f->lost < LOSSES_LEAST;
}

static bool
is_policed(const struct flow_facts *own, const struct flow_facts *all)
{
	return own->lost > 0 && !few_losses(all) && all->meter.rate_bps > 0 &&
	       all->meter.fit_permille >= FIT_LEAST && !drops_from_queue(all) &&
	       !drops_from_queue(own);
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
	bool flat = is_flat(own);

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
	else if (drops_from_queue(own) || fills_queue(own, own->wait_median_us) ||
		 (few_losses(own) && fills_queue(own, own->wait_high_us)))
		say_queue(verdict, own);
	else if (!few_losses(own))
		say_lossy(verdict, own, all);
	else
		say_rest(verdict, own, payload_bytes);
}
