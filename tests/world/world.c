/*
 * The world: a country drawn from a seed, what a row of scenarios.csv does to it, and every
 * line that its probes would have written, signed and delivered as far as the network let
 * them. The truth goes into a file of its own.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/log.h"
#include "tests/world/delivery.h"
#include "tests/world/routes.h"
#include "tests/world/tally.h"

#define EXIT_USAGE 2
#define KEY_FILE_BYTES 512
#define QUIET_ROUND_S 3600

struct options {
	const char *scenarios, *where_key, *out;
	int id;
	unsigned int per_network, quiet_days, probes;
	struct story_options story;
	bool no_power, no_control, no_bgp, features_only;
};

struct world {
	struct options options;
	struct country country;
	struct scenarios scenarios;
	const struct scenario *scenario; /* NULL: a quiet country */
	struct story *story;
	struct pace pace;
	struct targets *targets;
	struct tally *tally;
	struct crypto_key *key;
	char key_name[64];
	FILE *segments, *probes;
	size_t probes_n, segments_n, lines_n;
};

/* ---- what comes of it ---- */

static void
on_enrolled(void *arg, const struct machine *m, int64_t utc_us)
{
	struct world *w = arg;
	uint8_t token[HASH_BYTES];
	char hex[HASH_HEX_BYTES];

	crypto_sha256_2(token, "token", 5, m->epoch, sizeof(m->epoch));
	crypto_hex(hex, token, sizeof(token));
	fprintf(w->probes, "%s,%s,c%d,%s,%lld\n", m->epoch,
		m->probe->control ? "control" : "field", m->probe->cohort, hex,
		(long long)utc_us);
	w->probes_n++;
}

static void
on_measured(void *arg, const struct machine *m, int uplink, int64_t utc_us,
	const struct measurement *lines, size_t n)
{
	struct world *w = arg;

	tally_add(w->tally, machine_network(m, uplink), m->probe->region, utc_us, lines,
		n);
	w->lines_n += n;
}

/* int64 received_utc_us, uint32 length, both little-endian; the bytes. */
static void
on_arrived(void *arg, int64_t received_us, struct span segment)
{
	struct world *w = arg;
	uint8_t head[12];

	w->segments_n++;
	if (w->options.features_only)
		return;
	for (int i = 0; i < 8; i++)
		head[i] = (uint8_t)((uint64_t)received_us >> (8 * i));
	for (int i = 0; i < 4; i++)
		head[8 + i] = (uint8_t)(segment.len >> (8 * i));
	fwrite(head, sizeof(head), 1, w->segments);
	fwrite(segment.at, segment.len, 1, w->segments);
}

/* ---- files ---- */

static bool
open_out(FILE **out, const struct world *w, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", w->options.out, name);
	*out = fopen(path, "we");
	if (!*out)
		log_error("%s: %s", path, strerror(errno));
	return *out != NULL;
}

static bool
close_out(FILE *out, const struct world *w, const char *name)
{
	bool fine = out && !ferror(out);

	if (out && fclose(out) != 0)
		fine = false;
	if (!fine)
		log_error("%s/%s: %s", w->options.out, name, strerror(errno));
	return fine;
}

static bool
read_key(struct world *w)
{
	struct buf text = {0};
	uint8_t seed[SEED_BYTES];
	struct span rest, name, hex;
	bool fine = false;

	if (file_read(&text, w->options.where_key, KEY_FILE_BYTES) != OK)
		goto done;
	rest = buf_span(&text);
	fine = span_written_line(&name, &rest) && span_written_line(&hex, &rest) &&
	       name.len > 0 && name.len < sizeof(w->key_name) &&
	       crypto_unhex(seed, sizeof(seed), hex) &&
	       crypto_key_open(&w->key, seed) == OK;
	if (fine)
		memcpy(w->key_name, name.at, name.len);
	else
		log_error(
			"%s: two lines are wanted, the name of the analyzer's key and "
			"64 hexadecimal digits of its seed",
			w->options.where_key);
done:
	buf_free(&text);
	return fine;
}

static void
put_list(FILE *out, const struct world *w)
{
	fputs(TARGETS_HEADER "\n", out);
	for (size_t i = 0; i < w->country.targets_n; i++)
		fprintf(out, "%s\n", w->country.targets[i].line);
}

static void
put_labels(FILE *out, const struct world *w)
{
	story_labels(out, w->story);
}

static void
put_features(FILE *out, const struct world *w)
{
	tally_features(out, w->tally);
}

static void
put_reach(FILE *out, const struct world *w)
{
	tally_reach(out, w->tally);
}

static void
put_routes(FILE *out, const struct world *w)
{
	if (w->options.no_bgp)
		fputs(ROUTES_HEADER, out);
	else
		routes_write(out, &w->country, w->story);
}

static bool
write_file(const struct world *w, const char *name,
	void (*put)(FILE *out, const struct world *w))
{
	FILE *out;

	if (!open_out(&out, w, name))
		return false;
	put(out, w);
	return close_out(out, w, name);
}

/* ---- making it ---- */

/* The list that is written, as a probe reads it. */
static void
read_list(struct world *w)
{
	char *text = NULL;
	size_t n = 0;
	FILE *memory = open_memstream(&text, &n);

	w->targets = calloc(1, sizeof(*w->targets));
	if (!memory || !w->targets)
		bug("no memory for a target list");
	put_list(memory, w);
	fclose(memory);
	if (targets_read(w->targets, (struct span){text, n}, NULL, NULL) != OK)
		bug("a target list that does not read");
	free(text);
}

static bool
find_scenario(struct world *w)
{
	if (!w->options.scenarios)
		return true;
	if (!scenarios_read(&w->scenarios, w->options.scenarios))
		return false;
	w->scenario = scenarios_find(&w->scenarios, w->options.id);
	if (!w->scenario)
		log_error("%s: no row %d", w->options.scenarios, w->options.id);
	return w->scenario != NULL;
}

static bool
tell(struct world *w)
{
	struct country_options country = {
		/* Another row, another country. */
		.seed = w->options.story.seed * 1000 + (uint64_t)w->options.id,
		.per_network = w->options.per_network,
		.probes = w->options.probes,
	};

	if (w->scenario) {
		country.satellite = scenario_satellite(w->scenario);
		country.not_code = scenario_not_code(w->scenario);
	}
	if (!country_draw(&w->country, &country))
		return false;
	read_list(w);
	story_tell(&w->story, w->scenario, &w->country, &w->options.story);
	pace_plan(&w->pace, &w->country, w->story, w->scenario ? 0 : QUIET_ROUND_S);
	tally_open(&w->tally, &w->country, w->story);
	return true;
}

static bool
deliver(struct world *w)
{
	struct delivery delivery = {.country = &w->country,
		.story = w->story,
		.pace = &w->pace,
		.targets = w->targets,
		.key_name = w->key_name,
		.key = w->key,
		.no_power = w->options.no_power,
		.no_control = w->options.no_control,
		.hollow = w->options.features_only,
		.arg = w,
		.enrolled = on_enrolled,
		.measured = on_measured,
		.arrived = on_arrived};
	bool fine;

	if (!open_out(&w->segments, w, "segments.bin"))
		return false;
	if (!open_out(&w->probes, w, "probes.csv")) {
		fclose(w->segments);
		return false;
	}
	fputs("epoch,role,cohort,token,enrolled_utc_us\n", w->probes);
	delivery_run(&delivery);
	fine = close_out(w->segments, w, "segments.bin");
	return close_out(w->probes, w, "probes.csv") && fine;
}

static void
free_world(struct world *w)
{
	tally_close(w->tally);
	pace_free(&w->pace);
	story_free(w->story);
	scenarios_free(&w->scenarios);
	country_free(&w->country);
	crypto_key_close(w->key);
	free(w->targets);
}

static bool
make(struct world *w)
{
	if (mkdir(w->options.out, 0777) != 0 && errno != EEXIST) {
		log_error("%s: %s", w->options.out, strerror(errno));
		return false;
	}
	return read_key(w) && find_scenario(w) && tell(w) &&
	       write_file(w, "targets.csv", put_list) && deliver(w) &&
	       write_file(w, "reach.csv", put_reach) &&
	       write_file(w, "routes.csv", put_routes) &&
	       write_file(w, "labels.csv", put_labels) &&
	       write_file(w, "features.csv", put_features);
}

/* ---- options ---- */

static int
usage(void)
{
	fputs("usage: world SCENARIOS.csv ID --seed N [--noise low|high] "
	      "[--random-minutes]\n"
	      "           [--alive SHARE] [--per-network N] [--no-power] "
	      "[--no-control] "
	      "[--no-bgp] [--features-only]\n"
	      "           --where-key FILE --out DIR\n"
	      "       world --quiet DAYS --probes N --seed N --where-key FILE --out "
	      "DIR\n",
		stderr);
	return EXIT_USAGE;
}

static bool
number(unsigned int *out, const char *text, unsigned int most)
{
	uint64_t value;

	if (!span_number(&value, (struct span){text, strlen(text)}, most))
		return false;
	*out = (unsigned int)value;
	return true;
}

static bool
take_option(struct options *o, int option, const char *value)
{
	unsigned int seed;
	char *end;

	switch (option) {
	case 's':
		if (!number(&seed, value, 1000000000))
			return false;
		o->story.seed = seed;
		return true;
	case 'n':
		o->story.noise = !strcmp(value, "high") ? NOISE_HIGH : NOISE_LOW;
		return !strcmp(value, "high") || !strcmp(value, "low");
	case 'a':
		o->story.alive = strtod(value, &end);
		return !*end && o->story.alive > 0 && o->story.alive <= 1;
	case 'p':
		return number(&o->per_network, value, 40) && o->per_network > 0;
	case 'q':
		return number(&o->quiet_days, value, 366) && o->quiet_days > 0;
	case 'N':
		return number(&o->probes, value, WORLD_PROBES_MAX - 2) && o->probes > 0;
	case 'k':
		o->where_key = value;
		return true;
	case 'o':
		o->out = value;
		return true;
	case 'm':
		o->story.random_minutes = true;
		return true;
	case 'w':
		o->no_power = true;
		return true;
	case 'c':
		o->no_control = true;
		return true;
	case 'b':
		o->no_bgp = true;
		return true;
	case 'f':
		o->features_only = true;
		return true;
	default:
		return false;
	}
}

static bool
read_options(struct options *o, int argc, char **argv)
{
	static const struct option rows[] = {
		{"seed", required_argument, NULL, 's'},
		{"noise", required_argument, NULL, 'n'},
		{"alive", required_argument, NULL, 'a'},
		{"per-network", required_argument, NULL, 'p'},
		{"quiet", required_argument, NULL, 'q'},
		{"probes", required_argument, NULL, 'N'},
		{"where-key", required_argument, NULL, 'k'},
		{"out", required_argument, NULL, 'o'},
		{"random-minutes", no_argument, NULL, 'm'},
		{"no-power", no_argument, NULL, 'w'},
		{"no-control", no_argument, NULL, 'c'},
		{"no-bgp", no_argument, NULL, 'b'},
		{"features-only", no_argument, NULL, 'f'},
		{0},
	};
	unsigned int id = 0;
	int option;

	*o = (struct options){.per_network = 3, .story = {.alive = 1}};
	while ((option = getopt_long(argc, argv, "", rows, NULL)) != -1)
		if (!take_option(o, option, optarg))
			return false;
	if (argc - optind == 2 && number(&id, argv[optind + 1], 1000000)) {
		o->scenarios = argv[optind];
		o->id = (int)id;
	} else if (argc != optind || !o->quiet_days) {
		return false;
	}
	o->story.quiet_days = o->quiet_days;
	return o->where_key && o->out && !(o->scenarios && o->quiet_days);
}

int
main(int argc, char **argv)
{
	struct world w = {0};
	bool fine;

	if (!read_options(&w.options, argc, argv))
		return usage();
	fine = make(&w);
	if (fine)
		printf("%zu probes, %zu segments, %zu lines\n", w.probes_n,
			w.segments_n, w.lines_n);
	free_world(&w);
	return fine ? 0 : 1;
}
