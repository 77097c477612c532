#include <string.h>

#include "common/utc.h"
#include "tests/world/course.h"
#include "tests/world/label.h"

/* ---- what is true ---- */

static unsigned int
probes_of(const struct act *act, const struct label *label)
{
	if (act->probes_n)
		return (unsigned int)act->probes_n;
	return plot_count(act->story, label->networks, label->regions);
}

static struct label *
label_of(const struct scenario *s, const struct act *act, const char *cause)
{
	struct label *label = plot_add_label(act->story);

	strncpy(label->cause, cause, sizeof label->cause - 1);
	label->named = s->named;
	label->networks = act->networks;
	label->regions = act->regions;
	label->probes = probes_of(act, label);
	label->start_s = act->first_s;
	label->end_s = act->end_s;
	label->must = strcmp(cause, "none") != 0;
	return label;
}

static bool
is_about_services(const char *cause)
{
	return strcmp(cause, "shutdown.service") == 0 ||
	       strcmp(cause, "throttling.selective") == 0 ||
	       strcmp(cause, "ordinary.remote") == 0 ||
	       strcmp(cause, "ordinary.geoblocked") == 0;
}

/* What a row does beside its cause may be found, and need not be. */
static void
label_beside(const struct scenario *s, const struct act *act, const char *id)
{
	struct label *label;

	if (act->service && !is_about_services(act->part->cause)) {
		label = label_of(s, act,
			act->block == BLOCK_SLOW ? "throttling.selective"
						 : "shutdown.service");
		snprintf(label->id, sizeof label->id, "%s.service", id);
		label->networks = NETWORKS_HOME;
		label->must = false;
		if (act->long_end_s > 0)
			label->end_s = act->long_end_s;
	}
	if (act->beside & NETWORKS_GROUND) {
		label = label_of(s, act, "ordinary.congestion");
		snprintf(label->id, sizeof label->id, "%s.beside", id);
		label->networks = act->beside & NETWORKS_GROUND;
		label->probes = plot_count(act->story, label->networks, label->regions);
		label->must = false;
	}
}

void
label_drill(const struct scenario *scenario, const struct act *drill, size_t k,
	unsigned int n)
{
	struct label *label = label_of(scenario, drill, drill->part->cause);

	snprintf(label->id, sizeof label->id, "%d.d%u.%zu", scenario->id, n, k + 1);
}

/* What an earlier part left behind goes on below the name of the one it is now. */
static void
take_over(struct label *label, const struct act *acts, size_t k)
{
	for (size_t i = 0; i < k; i++)
		if (acts[i].end_s > acts[k].first_s + HOUR_S) {
			label->networks |= acts[i].networks;
			label->regions |= acts[i].regions;
		}
	label->probes = probes_of(&acts[k], label);
}

/* Parts in a row: one ends for us where the next begins, and shows again if it outlasts
 * it. */
void
label_acts(const struct scenario *scenario, const struct act *acts,
	unsigned int occurrence)
{
	const struct scenario *s = scenario;
	bool insufficient = strcmp(s->cause, "insufficient") == 0;
	char id[48];

	for (size_t k = 0; k < s->parts_n; k++) {
		const struct act *next =
			k + 1 < s->parts_n && !s->overlap ? &acts[k + 1] : NULL;
		struct label *label = label_of(
			s, &acts[k], insufficient ? s->cause : s->parts[k].cause);

		snprintf(id, sizeof id, "%d.%u.%zu", s->id, occurrence + 1, k + 1);
		snprintf(label->id, sizeof label->id, "%s", id);
		label->open = course_of(&s->parts[k])->open;
		if (!s->overlap)
			take_over(label, acts, k);
		if (next && label->end_s > next->first_s)
			label->end_s = next->first_s;
		label_beside(s, &acts[k], id);
		if (!next || acts[k].end_s < next->end_s + HOUR_S)
			continue;
		label = label_of(s, &acts[k], s->parts[k].cause);
		snprintf(label->id, sizeof label->id, "%d.%u.%zu", s->id,
			occurrence + 1, s->parts_n + k + 1);
		label->start_s = next->end_s;
	}
}

/* ---- as it is written ---- */

uint8_t
label_networks(const struct label *label)
{
	uint8_t networks = label->networks & NETWORKS_HOME;
	bool all = (networks & NETWORKS_GROUND) == NETWORKS_GROUND;

	return all || !networks ? NETWORKS_HOME : networks;
}

uint8_t
label_regions(const struct label *label)
{
	return label->regions ? label->regions : EVERY_REGION;
}

int64_t
label_minute_s(double utc_s)
{
	return (int64_t)(utc_s / MINUTE_S) * 60;
}

static void
print_time(FILE *out, double utc_s)
{
	char text[UTC_TEXT_BYTES];

	utc_text(text, label_minute_s(utc_s) * 1000000);
	fputs(text, out);
}

static void
print_where(FILE *out, const struct country *country, const struct label *l)
{
	uint8_t networks = label_networks(l), regions = label_regions(l);
	const char *between = "";

	for (int r = 0; r < WORLD_REGIONS && regions != EVERY_REGION; r++)
		if (regions >> r & 1) {
			fprintf(out, "%s%s", between, country->regions[r]);
			between = " ";
		}
	fputs(",", out);
	between = "";
	for (int n = 0; n < WORLD_ABROAD && networks != NETWORKS_HOME; n++)
		if (networks >> n & 1) {
			fprintf(out, "%s%u", between, country->networks[n].asn);
			between = " ";
		}
}

void
label_print(FILE *out, const struct story *story, const struct label *label)
{
	bool insufficient = strcmp(label->cause, "insufficient") == 0;

	fprintf(out, "%s,%s,", label->id, story->country->code);
	print_where(out, story->country, label);
	fprintf(out, ",%u,", label->probes);
	print_time(out, label->start_s);
	fputs(",", out);
	if (!label->open)
		print_time(out, label->end_s);
	fprintf(out, ",%s,%s,%s\n", label->cause, insufficient ? label->named : "",
		label->must ? "must" : "may");
}
