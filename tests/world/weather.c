#include "tests/world/plot.h"

#define QUIET .998 /* of exchanges on a quiet line are answered */
#define QUIET_ABROAD .995
#define QUIET_LOSS .003
#define LOAD_SWING .3
#define DOWN .03
#define RATE_LEAST_BPS 1000

/* How busy a country is by its own hour: 0 in the small hours, 1 at nine in the evening. */
static double
load_at(const struct story *story, double utc_s)
{
	static const double by_hour[25] = {.62, .45, .3, .18, .08, 0, .05, .16, .28,
		.38, .45, .5, .53, .54, .54, .55, .58, .64, .74, .86, .96, 1, .94, .8,
		.62};
	double hour = plot_local_hour(story, utc_s);
	int at = (int)hour;
	double load = by_hour[at] + (by_hour[at + 1] - by_hour[at]) * (hour - at);
	double days = (utc_s + plot_offset_s(story, utc_s)) / 86400.0;
	int weekday =
		(int)((int64_t)days + 3) % 7; /* 0 Monday: 1970 began on a Thursday */

	return weekday >= 5 ? .08 + .92 * load : load;
}

static void
quiet(struct weather *w, const struct story *story, const struct country_probe *p,
	uint8_t network, double load)
{
	const struct country_network *n = &story->country->networks[network];
	bool mobile = n->medium == MEDIUM_mobile;

	*w = (struct weather){.on = true,
		.mains = true,
		.battery = 1,
		.carrier = true,
		.router = true,
		.beacons = 1,
		.generation = mobile ? 4 : 0,
		.signal_dbm = mobile ? -80 - 25 * p->wants[1] : 0,
		.registered = mobile,
		.bearer = mobile,
		.voice = mobile,
		.access = QUIET,
		.abroad = QUIET_ABROAD,
		.ipv6 = true,
		.resolver = QUIET,
		.jitter_ms = (mobile ? 6 : 2) * (1 + load),
		.loss = {QUIET_LOSS, QUIET_LOSS},
		.rate_bps = n->rate_bps * p->rate_factor *
			    (1 + LOAD_SWING * (1 - 2 * load)),
		.queue_ms = 20 + 40 * load,
		.upload = 1};
	for (int i = 0; i < WORLD_NETWORKS; i++)
		w->home[i] = QUIET;
	for (int i = 0; i < PASS_COUNT; i++)
		w->pass[i] = w->pass_home[i] = 1;
	for (int i = 0; i < 2; i++)
		w->rtt_ms[i] = n->rtt_ms[i] * p->rtt_factor * (1 + .1 * load);
}

/* ---- one spell ---- */

static void
scale(double *chance, double severity, double value)
{
	*chance *= 1 - severity * (1 - value);
}

static double
moved(double from, double severity, const struct spell *s, double value)
{
	if (s->change == CHANGE_TIMES)
		return from * (1 + severity * (value - 1));
	if (s->change == CHANGE_PLUS)
		return from + severity * value;
	return from + severity * (value - from);
}

/* Whatever adds up: no line is faster than light or slower than a crawl. */
static void
floors(struct weather *w)
{
	for (int i = 0; i < 2; i++)
		if (w->rtt_ms[i] < 1)
			w->rtt_ms[i] = 1;
	if (w->rate_bps < RATE_LEAST_BPS)
		w->rate_bps = RATE_LEAST_BPS;
	if (w->meter_bps < RATE_LEAST_BPS && w->meter)
		w->meter_bps = RATE_LEAST_BPS;
	if (w->jitter_ms < 0)
		w->jitter_ms = 0;
}

static enum passage
passage_of(enum lever lever)
{
	switch ((int)lever) {
	case LEVER_icmp:
		return PASS_ICMP;
	case LEVER_udp:
		return PASS_UDP;
	case LEVER_dns:
		return PASS_DNS;
	case LEVER_quic:
		return PASS_QUIC;
	case LEVER_tcp:
		return PASS_TCP;
	case LEVER_tls:
		return PASS_TLS;
	case LEVER_http:
		return PASS_HTTP;
	default:
		return PASS_COUNT;
	}
}

static void
apply_line(struct weather *w, const struct spell *s, double severity, double value)
{
	switch ((int)s->lever) {
	case LEVER_rtt:
	case LEVER_path:
		if (s->lever == LEVER_rtt)
			w->rtt_ms[0] = moved(w->rtt_ms[0], severity, s, value);
		w->rtt_ms[1] = moved(w->rtt_ms[1], severity, s, value);
		break;
	case LEVER_jitter:
		w->jitter_ms = moved(w->jitter_ms, severity, s, value);
		break;
	case LEVER_loss:
	case LEVER_lossy:
		/* Two crowds on one line: the worse one is what is lost. */
		for (int i = s->lever == LEVER_lossy; i < 2; i++)
			if (w->loss[i] < severity * value)
				w->loss[i] = severity * value;
		break;
	case LEVER_rate:
		w->rate_bps = moved(w->rate_bps, severity, s, value);
		break;
	case LEVER_queue:
		w->queue_ms = moved(w->queue_ms, severity, s, value);
		break;
	case LEVER_beacons:
		scale(&w->beacons, severity, value);
		break;
	case LEVER_signal:
		w->signal_dbm = moved(w->signal_dbm, severity, s, value);
		break;
	default:
		break;
	}
}

static void
apply_machine(struct weather *w, const struct spell *s, double value)
{
	switch ((int)s->lever) {
	case LEVER_mains:
		w->mains = false;
		break;
	case LEVER_off:
		w->on = false;
		break;
	case LEVER_carrier:
		w->carrier = false;
		break;
	case LEVER_router:
		w->router = false;
		break;
	case LEVER_tunnel:
		w->tunnel = true;
		break;
	case LEVER_portal:
		w->portal = true;
		break;
	case LEVER_clock:
		w->clock_off_s = value;
		break;
	case LEVER_generation:
		if (w->generation > value)
			w->generation = (uint8_t)value;
		break;
	case LEVER_registered:
		w->registered = false;
		break;
	case LEVER_roaming:
		w->roaming = true;
		break;
	case LEVER_bearer:
		w->bearer = false;
		w->reject_cause = s->reject_cause;
		break;
	case LEVER_voice:
		w->voice = false;
		break;
	case LEVER_cell:
		w->cell_changed = true;
		break;
	default:
		break;
	}
}

static void
apply_meter(struct weather *w, const struct spell *s, double value)
{
	double bps = s->change == CHANGE_TIMES ? w->rate_bps * value : value;

	if (w->meter != METER_NONE && w->meter_bps <= bps)
		return;
	w->meter = s->lever == LEVER_police ? METER_POLICED : METER_SHAPED;
	w->meter_bps = bps;
	if (s->lever == LEVER_police)
		w->burst_bytes = s->second;
	else
		w->queue_ms = s->second;
}

static void
apply_service(struct weather *w, const struct spell *s, double value)
{
	uint8_t *block = &w->block[s->service];

	/* What is down is down whatever a filter does. */
	if (*block == BLOCK_DOWN)
		return;
	*block = (uint8_t)s->block;
	if (s->block == BLOCK_SLOW)
		w->service_bps = value;
}

static void
apply_reach(struct weather *w, const struct story *story, const struct spell *s,
	double value)
{
	enum passage passage = passage_of(s->lever);

	if (passage != PASS_COUNT) {
		scale(s->at_home ? &w->pass_home[passage] : &w->pass[passage], 1,
			value);
		return;
	}
	switch ((int)s->lever) {
	case LEVER_access:
		scale(&w->access, 1, value);
		break;
	case LEVER_home:
		for (int i = 0; i < WORLD_NETWORKS; i++)
			scale(&w->home[i], 1, value);
		break;
	case LEVER_abroad:
		scale(&w->abroad, 1, value);
		break;
	case LEVER_hosts:
		for (int i = 0; i < WORLD_NETWORKS; i++)
			if (s->hosts >> i & 1)
				scale(&w->home[i], 1, value);
		break;
	case LEVER_oneway:
		w->one_way = true;
		break;
	case LEVER_ipv6:
		w->ipv6 = value > .5;
		break;
	case LEVER_listed:
		w->listed = story->listed;
		break;
	case LEVER_resolver:
		scale(&w->resolver, 1, value);
		break;
	case LEVER_upload:
		scale(&w->upload, 1, value);
		break;
	default:
		break;
	}
}

static bool
is_smooth(enum lever lever)
{
	static const bool smooth[] = {
#define PROBE false
#define SMOOTH true
#define NETWORK false
#define LEVER(name, how, sentence) how,
#include "tests/world/levers.def"
#undef PROBE
#undef SMOOTH
#undef NETWORK
	};

	return smooth[lever];
}

/* When a probe went over: that severity passed its own draw. */
static double
since(const struct spell *s, double draw, double utc_s)
{
	double low = s->start_s, high = utc_s;

	for (int i = 0; i < 24; i++) {
		double middle = (low + high) / 2;

		if (plot_severity(s, middle) > draw)
			high = middle;
		else
			low = middle;
	}
	return high;
}

struct scene {
	struct weather *w;
	const struct story *story;
	size_t probe;
	double utc_s, load;
	double dark_since_s; /* mains lost then; 0 never */
	double hour;
};

static void
apply(struct scene *at, const struct spell *s)
{
	double severity = plot_severity(s, at->utc_s), draw;
	double value = plot_value(s, at->utc_s);
	double share = chance_of(at->story->seed, s->draw, at->probe);

	if (severity <= 0 || share >= s->share)
		return;
	if (s->evening)
		severity *= at->hour >= 17 ? at->load : 0;
	if (is_smooth(s->lever)) {
		apply_line(at->w, s, severity, value);
		return;
	}
	draw = chance_of(at->story->seed, s->draw + 1, at->probe);
	if (severity <= draw)
		return;
	if (s->lever == LEVER_mains && at->w->mains)
		at->dark_since_s = since(s, draw, at->utc_s);
	if (s->lever == LEVER_service)
		apply_service(at->w, s, value);
	else if (s->lever == LEVER_police || s->lever == LEVER_shape)
		apply_meter(at->w, s, value);
	else if (s->lever == LEVER_freeze)
		at->w->freeze_bytes = value;
	else
		apply_machine(at->w, s, value);
	apply_reach(at->w, at->story, s, value);
}

/* ---- what follows from what ---- */

static void
power(struct scene *at, const struct country_probe *p)
{
	struct weather *w = at->w;
	double hours = (at->utc_s - at->dark_since_s) / 3600;

	if (w->mains || !w->on)
		return;
	w->battery = p->battery_h > hours ? 1 - hours / p->battery_h : 0;
	w->on = w->battery > 0;
	/* Few have a router that runs on a battery, too. */
	if (p->wants[1] >= .3)
		w->router = false;
}

static double
least(double a, double b)
{
	return a < b ? a : b;
}

static void
follow(struct weather *w, bool mobile, bool control)
{
	bool line = w->on && w->carrier;

	if (mobile) {
		line &= w->registered && w->bearer;
		w->router |= !w->mains;
		w->bearer &= w->registered;
		w->voice &= w->registered;
	}
	line &= w->router;
	if (!line)
		w->access = 0;
	for (int i = 0; i < WORLD_NETWORKS; i++)
		w->home[i] = least(w->home[i], w->access);
	w->abroad = least(w->abroad, w->access);
	w->resolver = least(w->resolver, w->access);
	w->upload *=
		control ? w->access : w->abroad * w->pass[PASS_TCP] * w->pass[PASS_TLS];
	if (w->portal)
		w->upload = 0;
	if (w->upload < DOWN)
		w->upload = 0;
}

void
weather_at(struct weather *weather, const struct story *story, size_t probe,
	uint8_t network, double utc_s)
{
	const struct country_probe *p = &story->country->probes[probe];
	struct scene at = {weather, story, probe, utc_s, load_at(story, utc_s), 0,
		plot_local_hour(story, utc_s)};
	struct plot_spells spells = plot_spells(story, network, p->region, utc_s);
	bool mobile = story->country->networks[network].medium == MEDIUM_mobile;

	quiet(weather, story, p, network, at.load);
	for (size_t i = 0; i < spells.n; i++) {
		const struct spell *s = &story->spells[spells.at[i]];

		if (s->probe == SPELL_EVERYBODY || (size_t)s->probe == probe)
			apply(&at, s);
	}
	weather->on &= plot_alive(story, probe);
	power(&at, p);
	floors(weather);
	follow(weather, mobile, p->control);
}

double
weather_routes(const struct story *story, uint8_t network, double utc_s)
{
	double routes =
		100 - .4 * chance_of(story->seed, network, (uint64_t)(utc_s / 300));

	for (size_t i = 0; i < story->spells_n; i++) {
		const struct spell *s = &story->spells[i];
		double gone;

		if (s->lever != LEVER_routes || !(s->networks >> network & 1))
			continue;
		gone = plot_severity(s, utc_s) * (100 - 100 * plot_value(s, utc_s));
		routes = least(routes, 100 - gone);
	}
	return routes;
}
