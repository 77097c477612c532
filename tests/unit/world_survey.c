#include "tests/unit/told.h"

#define M 0x07
#define F 0x38
#define ALL 0x3f

/* What a table of weather can ask for. */
enum what {
	ON,
	MAINS,
	ROUTER,
	ACCESS,
	HOME, /* and nothing before it dead */
	ABROAD,
	TCP,
	TLS,
	DNS,
	ICMP,
	QUIC,
	IPV6,
	ONE_WAY,
	RESOLVER,
	LISTED,
	GENERATION,
	VOICE,
	RTT, /* abroad, against the same hour without it */
	LOSS,
	RATE, /* against the same */
	METER, /* against the line */
	METER_KBPS,
	FREEZE,
	BLOCKED, /* some service */
	SLOW_KBPS,
	DOWN,
	REFUSED,
	TUNNELS, /* how many */
	ROAMERS,
	METERS,
	DEAD_ROUTERS,
	ROUTES,
};

static int
count_blocks(const struct weather *w, enum block block)
{
	int n = 0;

	for (int i = 0; i < WORLD_SERVICES; i++)
		n += block ? w->block[i] == block : w->block[i] != BLOCK_NONE;
	return n;
}

static double
value_of(const struct weather *w, const struct weather *quiet, enum what what)
{
	switch (what) {
	case ON:
		return w->on;
	case MAINS:
		return w->mains;
	case ROUTER:
		return w->router;
	case ACCESS:
		return w->access;
	case HOME:
		return w->home[WORLD_F3];
	case ABROAD:
		return w->abroad;
	case TCP:
		return w->pass[PASS_TCP];
	case TLS:
		return w->pass[PASS_TLS];
	case DNS:
		return w->pass[PASS_DNS];
	case ICMP:
		return w->pass[PASS_ICMP];
	case QUIC:
		return w->pass[PASS_QUIC];
	case IPV6:
		return w->ipv6;
	case ONE_WAY:
		return w->one_way;
	case RESOLVER:
		return w->resolver;
	case LISTED:
		return w->listed != 0;
	case GENERATION:
		return w->generation;
	case VOICE:
		return w->voice;
	case RTT:
		return w->rtt_ms[1] / quiet->rtt_ms[1];
	case LOSS:
		return w->loss[1];
	case RATE:
		return w->rate_bps / quiet->rate_bps;
	case METER:
		return w->meter ? w->meter_bps / w->rate_bps : 1;
	case METER_KBPS:
		return w->meter_bps / 1000;
	case FREEZE:
		return w->freeze_bytes;
	case BLOCKED:
		return count_blocks(w, BLOCK_NONE) > 0;
	case SLOW_KBPS:
		return w->service_bps / 1000;
	case DOWN:
		return count_blocks(w, BLOCK_DOWN) > 0;
	case REFUSED:
		return count_blocks(w, BLOCK_REFUSED) > 0;
	case TUNNELS:
		return w->tunnel;
	case ROAMERS:
		return w->roaming;
	case METERS:
		return w->meter != METER_NONE;
	case DEAD_ROUTERS:
		return !w->router;
	case ROUTES:
		break;
	}
	return 0;
}

static bool
is_count(enum what what)
{
	return what >= TUNNELS && what <= DEAD_ROUTERS;
}

/* The mean over the probes of these networks in the label's regions, against the same hour
 * of the story's first week. */
static double
mean_of(const struct told *t, const struct label *l, uint8_t networks, enum what what,
	double utc_s)
{
	double sum = 0;
	unsigned int n = 0;

	for (size_t i = 0; i < t->country.probes_n; i++) {
		const struct country_probe *p = &t->country.probes[i];
		struct weather w, quiet;
		double week_s = 7 * 86400;
		double back =
			(double)(int)((utc_s - (double)t->story->start_s) / week_s);

		if (p->control || !(networks >> p->network & 1) ||
			!(l->regions >> p->region & 1))
			continue;
		weather_at(&w, t->story, i, p->network, utc_s);
		weather_at(&quiet, t->story, i, p->network, utc_s - back * week_s);
		sum += what == ROUTES ? weather_routes(t->story, p->network, utc_s)
				      : value_of(&w, &quiet, what);
		n++;
	}
	assert_true(n > 0);
	return is_count(what) ? sum : sum / n;
}

/* From the survey's sentences of each row, not from what the code makes of our cells. */
static const struct promise {
	int id;
	const char *label;
	double at; /* share of the label's time */
	uint8_t networks;
	enum what what;
	double low, high;
} promises[] = {
	{1, "1.1", .5, 0x1f, ABROAD, 0, .02},
	{1, "1.1", .5, 0x1f, HOME, 0, .02},
	{1, "1.1", .5, 0x20, ABROAD, .9, 1},
	{1, "1.1", .5, 0x1f, ROUTES, 5, 7},
	{2, "1.1", .4, ALL, HOME, .85, 1},
	{2, "1.1", .4, ALL, TCP, .02, .08},
	{2, "1.1", .4, ALL, DNS, .99, 1},
	{3, "1.1", .5, M, ABROAD, 0, .02},
	{3, "1.1", .5, F, ABROAD, .9, 1},
	{3, "1.1", .5, ALL, QUIC, 0, .01},
	{3, "8.1", .5, M, ABROAD, 0, .02},
	{4, "1.1", .5, ALL, TLS, .02, .06},
	{4, "1.1", .5, ALL, DNS, .99, 1},
	{4, "1.1", .5, ALL, LISTED, 1, 1},
	{4, "d1.1", .7, ALL, QUIC, 0, .1},
	{5, "1.1", .5, ALL, TLS, 0, .02},
	{5, "1.1", .5, ALL, IPV6, 0, 0},
	{5, "1.1", .02, ALL, HOME, .5, .75},
	{5, "1.1", .95, ALL, HOME, .9, 1},
	{5, "1.1", .05, M, VOICE, 0, 0},
	{5, "1.1", .5, M, VOICE, 1, 1},
	{6, "1.1", .5, ALL, HOME, 0, .01},
	{6, "8.1", .5, ALL, HOME, 0, .01},
	{7, "1.1", .5, M, ABROAD, 0, .01},
	{7, "1.1", .5, ALL, ROUTES, 99, 100},
	{8, "1.1", .5, ALL, HOME, .8, .92},
	{8, "5.1", .5, ALL, ABROAD, 0, .01},
	{8, "1.1", .5, ALL, ONE_WAY, 1, 1},
	{9, "1.1", .5, ALL, ABROAD, 0, .05},
	{9, "1.1", .5, ALL, HOME, .8, .95},
	{10, "1.1", .5, M, METER, .25, .35},
	{10, "1.1", .5, F, METER, 1, 1},
	{10, "1.2", .1, ALL, ABROAD, 0, .02},
	{11, "1.1", .5, M, ABROAD, 0, .01},
	{11, "1.1", .5, F, ABROAD, .9, 1},
	{11, "1.2", .5, ALL, ABROAD, 0, .05},
	{11, "1.3", .5, F, ABROAD, .9, 1},
	{12, "1.1", .9, F, ABROAD, 0, .2},
	{12, "1.1", .9, M, ABROAD, .9, 1},
	{12, "1.2", .5, ALL, ABROAD, 0, .02},
	{13, "1.1", .5, M, ABROAD, 0, .01},
	{13, "1.1", .5, M, VOICE, 1, 1},
	{13, "1.1", .5, F, ABROAD, .9, 1},
	{14, "1.1", .5, M, TLS, 0, 0},
	{14, "1.1", .5, M, TCP, 1, 1},
	{14, "1.1", .5, M, ICMP, 0, 0},
	{14, "1.1", .5, F, TLS, 1, 1},
	{15, "1.1", .5, ALL, FREEZE, 15e3, 17e3},
	{16, "1.1", .5, M, SLOW_KBPS, 139, 141},
	{16, "1.1", .5, F, SLOW_KBPS, 30, 120},
	{17, "1.1", .2, ALL, ACCESS, .15, .7},
	{17, "1.2", .5, ALL, BLOCKED, .4, .8},
	{18, "1.1", .5, M, GENERATION, 2, 2},
	{18, "1.1", .5, M, RTT, 3, 12},
	{18, "1.1", .5, M, RATE, 0, .03},
	{18, "1.1", .5, F, RATE, .8, 1.2},
	{19, "1.1", .5, M, METER, .2, .26},
	{19, "1.1", .5, ALL, RTT, .9, 1.15},
	{20, "1.1", .5, ALL, METERS, 1, 1},
	{21, "1.1", .4, ALL, MAINS, 0, .25},
	{22, "1.1", .24, ALL, MAINS, 0, .6},
	{23, "1.1", .5, ALL, MAINS, .1, .5},
	{24, "1.1", .1, ALL, MAINS, .1, .7},
	{25, "1.1", .1, ALL, MAINS, .3, .7},
	{25, "1.2", .5, ALL, ABROAD, 0, .01},
	{25, "1.2", .5, ALL, MAINS, .3, .7},
	{26, "1.1", .5, ALL, ABROAD, 0, .01},
	{26, "1.1", .5, ALL, HOME, .4, .75},
	{27, "1.1", .5, ALL, ABROAD, 0, .05},
	{27, "1.1", .5, ALL, HOME, .85, 1},
	{30, "1.1", .5, ALL, ABROAD, .9, 1},
	{30, "1.1", .5, ALL, RTT, 1, 1.15},
	{31, "1.1", .5, ALL, ABROAD, 0, .01},
	{31, "1.1", .5, ALL, HOME, .8, .92},
	{31, "1.1", .5, ALL, MAINS, .9, 1},
	{32, "1.1", .8, ALL, ABROAD, 0, .05},
	{33, "1.1", .5, 0x09, ABROAD, 0, .02},
	{33, "1.1", .5, 0x06, RTT, 2.2, 3.8},
	{33, "1.1", .5, ALL, MAINS, .9, 1},
	{34, "1.1", .1, 0x10, LOSS, .6, 1},
	{34, "1.1", .1, 0x10, RESOLVER, 0, .01},
	{35, "1.1", .5, 0x09, ABROAD, 0, .02},
	{35, "1.1", .5, 0x36, ABROAD, .9, 1},
	{36, "1.1", .5, 0x20, ACCESS, 0, 0},
	{37, "1.1", .5, 0x08, RESOLVER, 0, 0},
	{37, "1.1", .5, 0x08, ABROAD, .9, 1},
	{38, "1.1", .5, ALL, DOWN, 1, 1},
	{39, "1.1", .5, 0x02, RTT, 3.2, 4.8},
	{39, "1.1", .5, 0x02, RATE, .1, .3},
	{40, "1.1", .5, ALL, DEAD_ROUTERS, 1, 3},
	{41, "1.1", .2, 0x09, ABROAD, 0, .01},
	{42, "1.1", .5, ALL, ABROAD, 0, .02},
	{42, "1.2", .5, ALL, BLOCKED, 1, 1},
	{42, "1.2", .5, ALL, ABROAD, .9, 1},
	{43, "1.1", .5, M, ABROAD, 0, .01},
	{44, "1.1", .05, ALL, ACCESS, .2, .8},
	{45, "1.1", .6, ALL, ON, 0, .6},
	{46, "1.1", .5, ALL, REFUSED, 1, 1},
	{47, "1.1", .1, ALL, ABROAD, .9, 1},
	{47, "1.1", .1, ALL, RTT, 1.2, 2},
	{48, "1.1", .5, 0x09, ABROAD, 0, .02},
	{48, "1.2", .05, 0x09, BLOCKED, 1, 1},
	{49, "1.1", .5, 0x10, ABROAD, 0, .01},
	{49, "1.1", .5, 0x10, ROUTES, 0, 1},
	{51, "1.1", .3, F, ACCESS, 0, .35},
	{52, "1.1", .5, ALL, TUNNELS, 1, 1},
	{53, "1.1", .5, ALL, ROAMERS, 1, 1},
	{54, "1.1", .5, M, ABROAD, 0, .01},
	{54, "1.1", .5, F, ABROAD, .9, 1},
};

static void
each_row_does_what_the_survey_says_of_it(void **state)
{
	const size_t n = sizeof promises / sizeof promises[0];
	size_t broken = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct promise *p = &promises[i];
		const struct label *l;
		struct told t;
		double end_s, mean;

		told_open(&t, p->id, 4, false);
		l = told_label(&t, p->label, p->id);
		end_s = l->open ? (double)t.story->end_s : l->end_s;
		mean = mean_of(&t, l, p->networks, p->what,
			l->start_s + p->at * (end_s - l->start_s));
		if (mean < p->low || mean > p->high) {
			print_error(
				"row %d, label %s, promise %zu: %g is not in %g..%g\n",
				p->id, p->label, i, mean, p->low, p->high);
			broken++;
		}
		told_close(&t);
	}
	assert_int_equal(broken, 0);
}

static bool
is_quiet(const struct told *t, double utc_s)
{
	for (size_t i = 0; i < t->story->labels_n; i++)
		if (t->story->labels[i].start_s <= utc_s &&
			utc_s < t->story->labels[i].end_s)
			return false;
	return true;
}

/* But for glitches, all of which have a label. */
static void
before_the_first_edge_nothing_happens(void **state)
{
	static const struct label everywhere = {.regions = 0x0f};

	(void)state;
	for (int id = 1; id <= 54; id++) {
		struct told t;
		double first_s = 1e12;
		int looked = 0;

		told_open(&t, id, 1, false);
		for (size_t i = 0; i < t.story->labels_n; i++)
			if (t.story->labels[i].id[0] != 'g' &&
				t.story->labels[i].start_s < first_s)
				first_s = t.story->labels[i].start_s;
		assert_true(first_s - (double)t.story->start_s >= 7 * 86400.0);
		for (double at_s = (double)t.story->start_s + 60;
			at_s < first_s - 6 * 3600; at_s += 20000) {
			if (!is_quiet(&t, at_s))
				continue;
			looked++;
			assert_true(mean_of(&t, &everywhere, ALL, HOME, at_s) > .99);
			assert_true(mean_of(&t, &everywhere, ALL, ABROAD, at_s) > .99);
			assert_true(mean_of(&t, &everywhere, ALL, MAINS, at_s) == 1);
			assert_true(mean_of(&t, &everywhere, ALL, ROUTES, at_s) > 99);
		}
		assert_true(looked > 0);
		told_close(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_does_what_the_survey_says_of_it),
		cmocka_unit_test(before_the_first_edge_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
