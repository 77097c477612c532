#include "tests/world/tally.h"

#include <stdlib.h>
#include <string.h>

#include "common/ladder.h"
#include "common/log.h"
#include "tests/world/label.h"

#define SECOND_US INT64_C(1000000)
#define DAY_BINS (86400 / TALLY_BIN_S)

/* What is counted; each is a sum and how many it is of. */
enum count {
	COUNT_access,
	COUNT_domestic,
	COUNT_international,
	COUNT_core,
	COUNT_names,
	COUNT_transport,
	COUNT_service,
	COUNT_quality,
	COUNT_on_battery,
	COUNT_reboots,
	COUNT_link,
	COUNT_rtt_home_ms,
	COUNT_rtt_abroad_ms,
	COUNT_rate_kbps,
	COUNT_loss,
	COUNT_queue_ms,
	COUNT_timeouts, /* of failures */
	COUNT_resets,
	COUNT_odd_status,
	COUNT_second_generation,
	COUNT_frozen,
	COUNT_slower_name, /* its rate by that of the control name */
	COUNT_heard_far, /* of datagrams that were not answered */
	COUNTS,
};
static const char *const count_names[COUNTS] = {"access", "domestic", "international",
	"core", "names", "transport", "service", "quality", "on_battery", "reboots",
	"link", "rtt_home_ms", "rtt_abroad_ms", "rate_kbps", "loss", "queue_ms",
	"timeouts", "resets", "odd_status", "second_generation", "frozen",
	"slower_name", "heard_far"};

struct cell {
	float sum[COUNTS];
	uint32_t n[COUNTS];
};
struct tally {
	const struct country *country;
	const struct story *story;
	int64_t start_s;
	size_t bins;
	struct cell *cells; /* by network, region, bin */
};

void
tally_open(
	struct tally **tally, const struct country *country, const struct story *story)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		bug("no memory to count");
	t->country = country;
	t->story = story;
	t->start_s = story_start_s(story) / TALLY_BIN_S * TALLY_BIN_S;
	t->bins = (size_t)((story_end_s(story) - t->start_s) / TALLY_BIN_S) + 1;
	t->cells = calloc(WORLD_NETWORKS * WORLD_REGIONS * t->bins, sizeof(*t->cells));
	if (!t->cells)
		bug("no memory for %zu bins", t->bins);
	*tally = t;
}

void
tally_close(struct tally *tally)
{
	if (!tally)
		return;
	free(tally->cells);
	free(tally);
}

static struct cell *
cell_of(const struct tally *t, size_t network, size_t region, size_t bin)
{
	return &t->cells[(network * WORLD_REGIONS + region) * t->bins + bin];
}

/* ---- counting ---- */

static void
put(struct cell *cell, enum count count, double value)
{
	cell->sum[count] += (float)value;
	cell->n[count]++;
}

static enum count
count_of_rung(enum rung rung)
{
	return rung == RUNG_link ? COUNT_link
	       : rung >= RUNG_access
		       ? (enum count)(COUNT_access + (int)rung - (int)RUNG_access)
		       : COUNTS;
}

static void
put_outcome(struct cell *cell, const struct measurement *m)
{
	int success = measurement_success(m);
	enum rung second = ladder_second((enum check)m->check);
	enum count own = count_of_rung((enum rung)m->rung);

	if (success < 0 || m->check == CHECK_quic)
		return;
	if (own != COUNTS)
		put(cell, own, success);
	if (second != RUNG_COUNT && (int64_t)second != m->rung)
		put(cell, count_of_rung(second), success);
	if (success)
		return;
	put(cell, COUNT_timeouts, m->outcome == OUTCOME_generic_timeout_error);
	put(cell, COUNT_resets, m->outcome == OUTCOME_connection_reset);
}

static void
put_transfer(struct cell *cell, const struct measurement *m)
{
	if (m->has[FIELD_transfer_us])
		put(cell, COUNT_rate_kbps,
			8e3 * (double)m->body_bytes / (double)(m->transfer_us + 1));
	if (!m->has[FIELD_sndr_bytes_sent])
		return;
	put(cell, COUNT_loss,
		(double)m->sndr_bytes_retrans / (double)(m->sndr_bytes_sent + 1));
	put(cell, COUNT_queue_ms, (double)(m->sndr_rtt_us - m->sndr_min_rtt_us) / 1000);
}

static void
put_comparison(struct cell *cell, const struct measurement *m)
{
	double own = 0, control = 1;

	for (uint32_t i = 0; i < m->rates_bps_n; i++)
		own += (double)m->rates_bps[i];
	for (uint32_t i = 0; i < m->control_rates_bps_n; i++)
		control += (double)m->control_rates_bps[i];
	if (m->rates_bps_n)
		put(cell, COUNT_slower_name, own / control);
}

static void
put_facts(struct cell *cell, const struct measurement *m)
{
	if (m->has[FIELD_supply])
		put(cell, COUNT_on_battery, m->supply == SUPPLY_battery);
	if (m->has[FIELD_unclean_stop])
		put(cell, COUNT_reboots, (double)m->unclean_stop);
	if (m->check == CHECK_ping && m->received && m->rung == RUNG_domestic)
		put(cell, COUNT_rtt_home_ms, (double)m->rtt_us / 1000);
	if (m->check == CHECK_ping && m->received && m->rung == RUNG_international)
		put(cell, COUNT_rtt_abroad_ms, (double)m->rtt_us / 1000);
	if (m->check == CHECK_http && m->has[FIELD_status])
		put(cell, COUNT_odd_status, m->status != 200);
	if (m->has[FIELD_access_tech])
		put(cell, COUNT_second_generation, m->access_tech <= 16);
	if (m->check == CHECK_large)
		put(cell, COUNT_frozen, m->has[FIELD_frozen_bytes]);
	if (m->check == CHECK_oneway && !m->received)
		put(cell, COUNT_heard_far, m->has[FIELD_far_received]);
	if (m->check == CHECK_speed && m->direction == DIRECTION_down)
		put_transfer(cell, m);
	if (m->check == CHECK_compare)
		put_comparison(cell, m);
}

void
tally_add(struct tally *tally, uint8_t network, uint8_t region, int64_t utc_us,
	const struct measurement *lines, size_t n)
{
	int64_t bin = (utc_us / SECOND_US - tally->start_s) / TALLY_BIN_S;
	struct cell *cell;

	if (bin < 0 || (size_t)bin >= tally->bins)
		return;
	cell = cell_of(tally, network, region, (size_t)bin);
	for (size_t i = 0; i < n; i++) {
		put_outcome(cell, &lines[i]);
		put_facts(cell, &lines[i]);
	}
}

void
tally_reach(FILE *out, const struct tally *t)
{
	fputs("asn,time_utc_s,tried,succeeded\n", out);
	for (size_t bin = 0; bin < t->bins; bin++)
		for (size_t network = 0; network < WORLD_ABROAD; network++) {
			double tried = 0, succeeded = 0;

			for (size_t region = 0; region < WORLD_REGIONS; region++) {
				struct cell *cell = cell_of(t, network, region, bin);

				for (int i = COUNT_access; i <= COUNT_international;
					i++) {
					tried += cell->n[i];
					succeeded += (double)cell->sum[i];
				}
			}
			if (tried > 0)
				fprintf(out, "%u,%lld,%.0f,%.0f\n",
					t->country->networks[network].asn,
					(long long)t->start_s +
						(long long)bin * TALLY_BIN_S,
					tried, succeeded);
		}
}

/* ---- features ---- */

struct scope {
	uint8_t networks, regions; /* bits */
	int64_t start_s, end_s;
};

static struct scope
scope_of(const struct tally *t, const struct label *l)
{
	struct scope s = {.networks = label_networks(l),
		.regions = label_regions(l),
		.start_s = label_minute_s(l->start_s),
		.end_s = label_minute_s(l->end_s)};

	if (l->open)
		s.end_s = t->start_s + (int64_t)t->bins * TALLY_BIN_S;
	return s;
}

static struct cell
sum_up(const struct tally *t, const struct scope *s, int64_t from_s, int64_t to_s,
	bool others)
{
	int64_t first = (from_s - t->start_s) / TALLY_BIN_S;
	int64_t end = (to_s - t->start_s + TALLY_BIN_S - 1) / TALLY_BIN_S;
	struct cell sum = {0};

	first = first < 0 ? 0 : first;
	end = end > (int64_t)t->bins ? (int64_t)t->bins : end;
	for (size_t network = 0; network < WORLD_ABROAD; network++)
		for (size_t region = 0; region < WORLD_REGIONS; region++) {
			bool in = s->networks >> network & s->regions >> region & 1;

			if (in == others)
				continue;
			for (int64_t bin = first; bin < end; bin++) {
				struct cell *c =
					cell_of(t, network, region, (size_t)bin);

				for (int i = 0; i < COUNTS; i++) {
					sum.sum[i] += c->sum[i];
					sum.n[i] += c->n[i];
				}
			}
		}
	return sum;
}

static void
put_number(FILE *out, double value, bool known)
{
	if (known)
		fprintf(out, ",%.4g", value);
	else
		fputs(",", out);
}

static void
put_cell(FILE *out, const struct cell *cell)
{
	for (int i = 0; i < COUNTS; i++)
		put_number(out, (double)cell->sum[i] / cell->n[i], cell->n[i] > 0);
}

/* Percent that the world sees of the routes of its networks, halfway through. */
static double
routes_of(const struct tally *t, const struct scope *s)
{
	double sum = 0, n = 0;

	for (uint8_t i = 0; i < WORLD_ABROAD; i++) {
		if (!(s->networks >> i & 1))
			continue;
		sum += weather_routes(t->story, i, (double)(s->start_s + s->end_s) / 2);
		n++;
	}
	return sum / n;
}

static void
put_row(FILE *out, const struct tally *t, const struct label *label)
{
	struct scope s = scope_of(t, label);
	struct cell during, before, others;
	int64_t local_s, day_s = 86400;
	int networks = 0, mobile = 0, regions = 0;

	for (int i = 0; i < WORLD_ABROAD; i++) {
		networks += s.networks >> i & 1;
		mobile += (s.networks & NETWORKS_MOBILE) >> i & 1;
	}
	for (int i = 0; i < WORLD_REGIONS; i++)
		regions += s.regions >> i & 1;
	local_s = s.start_s + country_offset_s(t->country, s.start_s);
	during = sum_up(t, &s, s.start_s, s.end_s, false);
	before = sum_up(t, &s, s.start_s - day_s, s.start_s - TALLY_BIN_S, false);
	others = sum_up(t, &s, s.start_s, s.end_s, true);
	fprintf(out, "%s,%d,%d,%d,%.4g,%lld,%lld", label->id, networks, mobile, regions,
		(double)(s.end_s - s.start_s) / 3600, (long long)(local_s / 60 % 60),
		(long long)(local_s / 3600 % 24));
	put_cell(out, &during);
	put_cell(out, &before);
	put_cell(out, &others);
	put_number(out, routes_of(t, &s), networks > 0);
	fputs("\n", out);
}

static void
put_header(FILE *out)
{
	static const char *const when[] = {"", "before_", "others_"};

	fputs("id,networks,mobile,regions,hours,minute,hour", out);
	for (size_t w = 0; w < sizeof(when) / sizeof(when[0]); w++)
		for (int i = 0; i < COUNTS; i++)
			fprintf(out, ",%s%s", when[w], count_names[i]);
	fputs(",routes\n", out);
}

void
tally_features(FILE *out, const struct tally *tally)
{
	put_header(out);
	for (size_t i = 0; i < tally->story->labels_n; i++)
		put_row(out, tally, &tally->story->labels[i]);
}
