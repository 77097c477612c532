#include "analyzer/analysis/observe.h"

#include <string.h>

/* Rows about how far those who are out still reach: what the loss looks like, and what
 * survives it. */
#define NORMAL_RTT 2 /* times the usual one, or within 5 ms of it */
#define NORMAL_RTT_US 5000

#define BIT LOSS_BIT
#define PASS_LEAST 3 /* tries before a protocol is said to pass or not */

/* Most of those out, in one of these states. Whose lines show nothing lost was hit for less
 * than half of it, and says nothing of what was lost; a third of them at most. */
static bool
most_are(struct observation *o, const struct view *v, uint32_t losses)
{
	uint32_t well = 0, out = 0;

	if (v->event->family != FAMILY_LOSS && v->event->family != FAMILY_PROTOCOL)
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_field(v, p) || !t->own)
			continue;
		well += t->loss == LOSS_NONE;
		out++;
		if (!(BIT(t->loss) & losses))
			continue;
		o->n++;
		observe_show(o, t->lines, t->lines_n);
	}
	o->of = BIT(LOSS_NONE) & losses || well * 3 > out ? out : out - well;
	return o->n * 2 > o->of;
}

/* A phone without a modem to ask only sees its line go. */
static bool
is_refused(const struct view *v)
{
	return v->scene->all.loss[LOSS_REFUSED] > 0;
}

static uint32_t
nothing_left(const struct view *v)
{
	return BIT(LOSS_ALL) | BIT(LOSS_REFUSED) |
	       (is_refused(v) ? BIT(LOSS_HOME) : 0U);
}

bool
row_7b(struct observation *o, const struct view *v)
{
	o->value = v->scene->all.loss[LOSS_REFUSED];
	return most_are(o, v, nothing_left(v));
}

bool
row_4b(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	return most_are(o, v, BIT(LOSS_ACCESS)) && !row_3b(&dark, v);
}

bool
row_5d(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	return !is_refused(v) && most_are(o, v, BIT(LOSS_HOME)) && o->n > 1 &&
	       !row_3b(&dark, v);
}

/* Several ways at once: lines, masts, operators. */
bool
row_1a(struct observation *o, const struct view *v)
{
	static row_fn *const others[] = {row_3b, row_4b, row_5, row_5d, row_7b};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct observation other = {0};

		if (others[i](&other, v))
			return false;
	}
	return most_are(o, v,
		BIT(LOSS_DARK) | BIT(LOSS_HOME) | BIT(LOSS_REFUSED) | BIT(LOSS_ACCESS) |
			BIT(LOSS_ALL));
}

/* Where a share of everything passes, the world is not dead. */
static bool
leaks(const struct view *v)
{
	struct observation o = {0};

	return row_12d(&o, v);
}

bool
row_12(struct observation *o, const struct view *v)
{
	o->value = v->scene->all.loss[LOSS_ALL];
	return most_are(o, v, BIT(LOSS_WORLD)) && !leaks(v);
}

bool
row_12c(struct observation *o, const struct view *v)
{
	if (v->event->family == FAMILY_PROTOCOL)
		return most_are(o, v, BIT(LOSS_PART) | BIT(LOSS_NONE));
	return most_are(o, v, BIT(LOSS_PART) | (leaks(v) ? BIT(LOSS_WORLD) : 0U));
}

bool
row_12h(struct observation *o, const struct view *v)
{
	return most_are(o, v, BIT(LOSS_COUNTRY));
}

/* Where a control probe lives the world is as far. */
static bool
has_no_world(const struct tally *t)
{
	struct tries now = t->rung[RUNG_international], router = t->rung[RUNG_router];
	struct tries before = {0};

	for (size_t check = 0; check < CHECK_COUNT; check++) {
		before.tried += t->usual_abroad[check].tried;
		before.ok += t->usual_abroad[check].ok;
	}
	return now.tried >= LEAST_PROBES && now.ok * 4 <= now.tried &&
	       router.ok * 2 > router.tried && before.ok * 2 > before.tried;
}

bool
row_11c(struct observation *o, const struct view *v)
{
	struct observation world = {0};

	if (v->event->family != FAMILY_LOSS || !row_12(&world, v))
		return false;
	for (size_t p = 0; p < v->record->probes_n; p++) {
		const struct tally *t = &v->tallies[p];

		if (!view_is_control(v, p))
			continue;
		o->of++;
		if (!has_no_world(t))
			continue;
		o->n++;
		observe_show(o, t->lines, t->lines_n);
	}
	return o->n;
}

/* ---- who ---- */

/* When the operator's went, most of them: one may have had trouble of its own before. */
static int64_t
onset_of(const struct view *v, const struct crowd *operator)
{
	int64_t onsets_us[VIEW_TESTS];
	uint32_t n = 0;

	for (size_t p = 0; p < v->record->probes_n && n < VIEW_TESTS; p++)
		if (view_is_field(v, p) && v->tallies[p].own &&
			view_network(v, p)->asn ==
				operator->asn && view_network(v, p)->medium ==
				operator->medium)
			onsets_us[n++] = v->tallies[p].onset_us;
	return observe_median(onsets_us, n);
}

/* All operators of a medium there, or all operators: how many, and how long it took. */
static bool
every(struct observation *o, const struct view *v, enum scene_extent extent)
{
	const struct scene *s = v->scene;
	int64_t first_us = INT64_MAX, last_us = 0;

	if ((v->event->family != FAMILY_LOSS && v->event->family != FAMILY_PROTOCOL &&
		    v->event->family != FAMILY_SLOW) ||
		s->extent != extent)
		return false;
	o->n = s->all.affected;
	o->of = s->all.n;
	o->value = s->mobile_out + s->fixed_out;
	for (size_t i = 0; i < s->operators_n; i++) {
		int64_t onset_us = onset_of(v, &s->operators[i]);

		if (!onset_us || !s->operators[i].places_out ||
			!scene_is_operator(s, &s->operators[i]))
			continue;
		first_us = onset_us < first_us ? onset_us : first_us;
		last_us = onset_us > last_us ? onset_us : last_us;
	}
	o->other = last_us > first_us ? (last_us - first_us) / 1000000 : 0;
	for (size_t p = 0; p < v->record->probes_n; p++)
		if (view_is_field(v, p) && v->tallies[p].own)
			observe_show(o, v->tallies[p].lines, v->tallies[p].lines_n);
	return true;
}

static bool
is_cut_off(const struct view *v)
{
	struct observation cut = {0};

	return most_are(&cut, v, nothing_left(v) | BIT(LOSS_ACCESS) | BIT(LOSS_HOME));
}

/* So far apart mobile operators may obey one order. */
#define OBEYED_WINDOWS 4

/* All mobile operators are cut off, whenever each was. A machine or two among many stop by
 * themselves: rows 3 and 3b begin at a quarter. */
static bool
is_mobile_cut_off(struct observation *o, const struct view *v)
{
	return v->event->family == FAMILY_LOSS && every(o, v, EXTENT_MOBILE) &&
	       o->n >= LEAST_PROBES && is_cut_off(v) &&
	       scene_lost(&v->scene->all, BIT(LOSS_DARK)) * 4 < v->scene->all.own;
}

static bool
is_obeyed(const struct observation *o, const struct view *v)
{
	return o->other * 1000000 <= OBEYED_WINDOWS * v->record->window_us;
}

bool
row_7(struct observation *o, const struct view *v)
{
	return is_mobile_cut_off(o, v) && is_obeyed(o, v);
}

bool
row_8(struct observation *o, const struct view *v)
{
	return is_mobile_cut_off(o, v) && !is_obeyed(o, v);
}

/* They have the country and not the world. */
static bool
is_at_border(const struct view *v)
{
	struct observation world = {0};

	return v->event->family == FAMILY_LOSS && row_12(&world, v);
}

/* What is left to them is slow, or some of the world. */
bool
row_7s(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_MOBILE) && o->n >= LEAST_PROBES && !is_cut_off(v) &&
	       !is_at_border(v);
}

bool
row_9(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_FIXED) && o->n >= LEAST_PROBES && !is_at_border(v);
}

/* Of whom nothing is known may be out or not. */
static bool
is_known(const struct view *v)
{
	uint32_t here = 0;

	for (size_t p = 0; p < v->record->probes_n; p++)
		here += view_is_field(v, p);
	return v->scene->all.n * 2 > here;
}

/* Row 37b says it too. */
bool
row_9b(struct observation *o, const struct view *v)
{
	struct observation told = {0};

	return every(o, v, EXTENT_ALL) && o->n >= LEAST_PROBES && !v->scene->regional &&
	       is_known(v) && !row_37b(&told, v);
}

/* Everything of every operator, on machines that run. */
bool
row_9c(struct observation *o, const struct view *v)
{
	struct observation nothing = {0};

	return v->event->family == FAMILY_LOSS && row_9b(o, v) &&
	       most_are(&nothing, v, nothing_left(v)) && o->value >= 3;
}

bool
row_9d(struct observation *o, const struct view *v)
{
	if (!every(o, v, EXTENT_ALL) || !v->scene->regional || o->value < 2)
		return false;
	o->other = v->scene->regions_out;
	return o->n >= LEAST_PROBES;
}

bool
row_10(struct observation *o, const struct view *v)
{
	return v->event->family != FAMILY_SLOW && every(o, v, EXTENT_OPERATOR) &&
	       o->n >= LEAST_PROBES;
}

/* Machines that stop at two operators have lost power, whoever owns their lines. */
bool
row_10b(struct observation *o, const struct view *v)
{
	struct observation dark = {0};

	return v->event->family != FAMILY_SLOW && every(o, v, EXTENT_OWNER) &&
	       o->n >= LEAST_PROBES && !row_3b(&dark, v) && !is_at_border(v);
}

/* Two operators or one medium: whoever hangs on one gateway. */
bool
row_10w(struct observation *o, const struct view *v)
{
	enum scene_extent extent = v->scene->extent;

	return (extent == EXTENT_OWNER || extent == EXTENT_MOBILE ||
		       extent == EXTENT_FIXED) &&
	       every(o, v, extent) && o->n >= LEAST_PROBES && is_at_border(v);
}

bool
row_10c(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_PLACE) && o->n >= 2;
}

bool
row_10d(struct observation *o, const struct view *v)
{
	return every(o, v, EXTENT_SCATTERED) && o->n >= 2;
}

/* ---- what survives ---- */

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
