#include "analyzer/analysis/observe.h"

#include <string.h>

/* Rows about what survives a loss: hosts, ways, protocols, and what a network still says. */
#define NORMAL_RTT 2 /* times the usual one, or within 5 ms of it */
#define NORMAL_RTT_US 5000
#define PASS_LEAST 3 /* tries before a protocol is said to pass or not */

static bool
has_lost_world(const struct tally *t)
{
	return t->affected && (t->loss == LOSS_WORLD || t->loss == LOSS_PART);
}

static uint32_t
dead_neighbours(const struct view *v, const struct tally *t, size_t target)
{
	const struct record *r = v->record;
	uint32_t n = 0;

	for (size_t i = 0; i < r->targets_n; i++)
		n += i != target && r->targets[i].asn == r->targets[target].asn &&
		     r->targets[i].rung == RUNG_international &&
		     t->seen[i].tried >= LEAST_AGAIN && !t->seen[i].succeeded;
	return n;
}

static bool
is_listed(const struct view *v, const struct tally *t, size_t target)
{
	const struct seen *seen = &t->seen[target];
	const struct target_info *info = &v->record->targets[target];

	return info->rung == RUNG_international && info->asn &&
	       seen->succeeded >= LEAST_AGAIN &&
	       seen->succeeded * 4 >= seen->tried * 3 && seen->usual_rtt_us &&
	       (seen->rtt_us <= NORMAL_RTT * seen->usual_rtt_us ||
		       seen->rtt_us <= seen->usual_rtt_us + NORMAL_RTT_US) &&
	       dead_neighbours(v, t, target) > 0;
}

/* Hosts abroad that most of the affected reach among dead neighbours: networks of theirs. */
static uint32_t
listed_networks(struct observation *o, const struct view *v)
{
	const struct record *r = v->record;
	uint32_t networks = 0, last_asn = 0;

	for (size_t i = 0; i < r->targets_n; i++) {
		uint32_t n = 0, of = 0;

		for (size_t p = 0; p < r->probes_n; p++) {
			const struct tally *t = &v->tallies[p];

			if (!view_is_field(v, p) || !has_lost_world(t) ||
				t->seen[i].tried < LEAST_AGAIN)
				continue;
			of++;
			n += is_listed(v, t, i);
		}
		if (n < 2 || n * 2 < of)
			continue;
		o->value++;
		if (n > o->n) {
			o->n = n;
			o->of = of;
		}
		networks += r->targets[i].asn != last_asn;
		last_asn = r->targets[i].asn;
	}
	for (size_t p = 0; p < r->probes_n; p++)
		if (view_is_field(v, p) && has_lost_world(&v->tallies[p]))
			observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	return networks;
}

bool
row_13(struct observation *o, const struct view *v)
{
	return v->event->family == FAMILY_LOSS && listed_networks(o, v) >= 2;
}

bool
row_13c(struct observation *o, const struct view *v)
{
	return v->event->family == FAMILY_LOSS && listed_networks(o, v) == 1 &&
	       o->n >= LEAST_PROBES;
}

/* Is a host abroad whole to that probe (1), dead but for one try in so many (-1), or neither
 * (0)? */
#define DEAD_PARTS 20
static int
whole_or_dead(const struct tally *t, size_t target)
{
	const struct seen *seen = &t->seen[target];

	if (seen->tried < LEAST_AGAIN || (seen->succeeded && !seen->usual_rtt_us))
		return 0;
	if (seen->succeeded * DEAD_PARTS <= seen->tried)
		return -1;
	return seen->succeeded * 4 >= seen->tried * 3 &&
	       (seen->rtt_us <= NORMAL_RTT * seen->usual_rtt_us ||
		       seen->rtt_us <= seen->usual_rtt_us + NORMAL_RTT_US);
}

/* The same for most of those who tried it: three quarters of two and more. */
#define UNTRIED 2
static int
whole_or_dead_to_most(const struct view *v, size_t target)
{
	uint32_t whole = 0, dead = 0, of = 0;

	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];
		int is;

		if (!view_is_field(v, p) || !t->own || !has_lost_world(t) ||
			t->seen[target].tried < LEAST_AGAIN)
			continue;
		is = whole_or_dead(t, target);
		of++;
		whole += is > 0;
		dead += is < 0;
	}
	if (of < LEAST_PROBES)
		return UNTRIED;
	return whole * 4 >= of * 3 ? 1 : dead * 4 >= of * 3 ? -1 : 0;
}

/* Hosts abroad, by what they are to most: whole, dead, neither; and who tells. */
struct hosts {
	int64_t whole, dead, mixed;
};

static struct hosts
count_hosts(struct observation *o, const struct view *v, bool unknown_alone)
{
	const struct record *r = v->record;
	struct hosts hosts = {0};

	for (size_t i = 0; i < r->targets_n; i++) {
		int is;

		if (r->targets[i].rung != RUNG_international ||
			(unknown_alone && r->targets[i].asn))
			continue;
		is = whole_or_dead_to_most(v, i);
		hosts.whole += is == 1;
		hosts.dead += is == -1;
		hosts.mixed += is == 0;
	}
	for (size_t p = 0; p < r->probes_n; p++) {
		if (!view_is_field(v, p) || !v->tallies[p].own ||
			!has_lost_world(&v->tallies[p]))
			continue;
		o->n++;
		observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	}
	o->of = v->scene->all.affected;
	return hosts;
}

/* Where nobody knows in which networks the hosts stand, that the same few are whole to every
 * operator and all others dead still is no broken line's doing: each has its own way. */
#define WHOLE_HOSTS 2
#define DEAD_HOSTS 3
bool
row_13b(struct observation *o, const struct view *v)
{
	struct hosts hosts;

	if (v->event->family != FAMILY_LOSS ||
		v->scene->mobile_out + v->scene->fixed_out < 2)
		return false;
	hosts = count_hosts(o, v, true);
	o->value = hosts.whole;
	o->other = hosts.dead;
	return hosts.whole >= WHOLE_HOSTS && hosts.dead >= DEAD_HOSTS &&
	       o->n * 2 > o->of && hosts.mixed * 4 <= hosts.whole + hosts.dead;
}

/* Enough of them asked, and none whole to most. */
#define ASKED_HOSTS 10
bool
row_13n(struct observation *o, const struct view *v)
{
	struct hosts hosts;

	if (v->event->family != FAMILY_LOSS)
		return false;
	hosts = count_hosts(o, v, false);
	o->value = hosts.dead + hosts.mixed;
	return !hosts.whole && o->value >= ASKED_HOSTS && o->n >= LEAST_PROBES &&
	       o->n * 2 > o->of;
}

static bool
is_one_way(const struct view *v, const struct tally *t)
{
	(void)v;
	return has_lost_world(t) && t->heard && t->heard >= t->unheard;
}

bool
row_14(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, is_one_way, false);
	return o->n >= LEAST_PROBES;
}

/* Of all affected together: too few tries of each protocol are one probe's. */
static struct tries
pass(const struct view *v, enum check check)
{
	struct tries sum = {0};

	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected || !t->own)
			continue;
		sum.tried += t->abroad[check].tried;
		sum.ok += t->abroad[check].ok;
	}
	return sum;
}

static struct tries
usual_pass(const struct view *v, enum check check)
{
	struct tries sum = {0};

	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected || !t->own)
			continue;
		sum.tried += t->usual_abroad[check].tried;
		sum.ok += t->usual_abroad[check].ok;
	}
	return sum;
}

/* Share of its usual one, in percent; -1 unknown. */
static int64_t
pass_percent(const struct view *v, enum check check)
{
	struct tries now = pass(v, check), usual = usual_pass(v, check);

	if (now.tried < PASS_LEAST || usual.tried < PASS_LEAST || !usual.ok)
		return -1;
	return (int64_t)now.ok * 100 * usual.tried / ((int64_t)now.tried * usual.ok);
}

static void
show_affected(struct observation *o, const struct view *v)
{
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->affected || !t->own)
			continue;
		o->n++;
		observe_show(o, t->lines, t->lines_n);
	}
	o->of = v->scene->all.affected;
}

#define PASSES_PERCENT 60
#define STOPS_PERCENT 20

/* Questions to resolvers abroad are answered while handshakes are not. */
bool
row_15(struct observation *o, const struct view *v)
{
	int64_t dns = pass_percent(v, CHECK_dns), tcp = pass_percent(v, CHECK_tcp);

	if (v->event->family != FAMILY_LOSS || v->scene->all.affected < LEAST_PROBES)
		return false;
	o->value = dns;
	o->other = tcp;
	show_affected(o, v);
	return dns >= PASSES_PERCENT && tcp >= 0 && tcp <= STOPS_PERCENT;
}

/* One protocol stops where another passes on the same way: a filter reads them. */
bool
row_15b(struct observation *o, const struct view *v)
{
	int64_t tcp = pass_percent(v, CHECK_tcp), tls = pass_percent(v, CHECK_tls);
	int64_t quic = pass_percent(v, CHECK_quic), udp = pass_percent(v, CHECK_core);
	bool opened = tcp >= PASSES_PERCENT && tls >= 0 && tls <= STOPS_PERCENT;
	bool datagrams = tcp >= PASSES_PERCENT && tls >= PASSES_PERCENT &&
			 ((quic >= 0 && quic <= STOPS_PERCENT) ||
				 (udp >= 0 && udp <= STOPS_PERCENT));

	if ((v->event->family != FAMILY_LOSS && v->event->family != FAMILY_PROTOCOL) ||
		v->scene->all.affected < LEAST_PROBES)
		return false;
	o->value = tcp;
	o->other = opened ? tls : quic >= 0 ? quic : udp;
	show_affected(o, v);
	return opened || datagrams;
}

/* A share of everything passes, whatever it is, and not some hosts whole: a way that is broken
 * or full, and no order. */
#define LEAKS_PERCENT 10
#define LEAKS_MOST_PERCENT 70
static void
add_seen(struct tries *sum, const struct view *v, size_t target)
{
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->own)
			continue;
		sum->tried += t->seen[target].tried;
		sum->ok += t->seen[target].succeeded;
	}
}

/* Whole hosts, whole protocols or one direction are somebody's choice. */
static bool
is_chosen(const struct view *v)
{
	static row_fn *const rows[] = {
		row_13, row_13b, row_13c, row_14, row_15, row_15b};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct observation o = {0};

		if (rows[i](&o, v))
			return true;
	}
	return false;
}

bool
row_12d(struct observation *o, const struct view *v)
{
	struct tries all = {0};
	uint32_t leaky = 0, targets = 0;

	if (v->event->family != FAMILY_LOSS || v->scene->all.affected < LEAST_PROBES)
		return false;
	for (size_t i = 0; i < v->record->targets_n; i++) {
		struct tries sum = {0};

		if (v->record->targets[i].rung != RUNG_international)
			continue;
		add_seen(&sum, v, i);
		if (sum.tried < PASS_LEAST)
			continue;
		targets++;
		leaky += sum.ok && sum.ok * 4 < sum.tried * 3;
		all.tried += sum.tried;
		all.ok += sum.ok;
	}
	o->value = all.tried ? (int64_t)all.ok * 100 / all.tried : 0;
	o->other = leaky;
	show_affected(o, v);
	return !is_chosen(v) && targets >= 3 && leaky * 3 >= targets * 2 &&
	       o->value >= LEAKS_PERCENT && o->value <= LEAKS_MOST_PERCENT;
}

/* A router on the way says that it is forbidden: nobody's cable says so. */
static bool
is_prohibited(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->affected && t->prohibited >= LEAST_AGAIN;
}

bool
row_16b(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, is_prohibited, false);
	o->value = v->scene->mobile_out + v->scene->fixed_out;
	return o->n >= 2 && o->value >= 2;
}

static bool
is_barred(const struct view *v, const struct tally *t)
{
	(void)v;
	return t->loss == LOSS_REFUSED;
}

/* On the air, and not let through: by one operator alone that is its own affair. */
bool
row_34(struct observation *o, const struct view *v)
{
	if (v->event->family != FAMILY_LOSS)
		return false;
	observe_count(o, v, is_barred, false);
	o->value = v->scene->mobile_out;
	return o->n >= 2 && o->value >= 2;
}
