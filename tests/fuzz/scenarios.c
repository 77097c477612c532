/* Whatever a file of scenarios holds, each of its rows can be told, and the weather of it is
 * made of shares. */
#include <math.h>

#include "tests/fuzz/fuzz.h"
#include "tests/world/scenario.h"

#define ROWS_TOLD 2

static void
must_be_weather(const struct story *story, const struct country *country, double utc_s)
{
	for (size_t i = 0; i < country->probes_n; i += 5) {
		uint8_t network = country->probes[i].network;
		struct weather w;

		weather_at(&w, story, i, network, utc_s);
		must(w.access >= 0 && w.access <= 1 && w.abroad <= w.access);
		must(w.upload >= 0 && w.upload <= 1);
		must(isfinite(w.rtt_ms[1]) && isfinite(w.rate_bps));
		must(isfinite(weather_routes(story, network, utc_s)));
	}
}

static void
tell(const struct scenario *scenario)
{
	struct country country;
	struct country_options options = {.seed = 1, .per_network = 1};
	struct story_options how = {.seed = 1, .alive = 1};
	struct story *story;

	if (!country_draw(&country, &options))
		return;
	story_tell(&story, scenario, &country, &how);
	must(story_end_s(story) > story_start_s(story));
	for (int i = 0; i <= 20; i++)
		must_be_weather(story, &country,
			(double)story_start_s(story) +
				i / 20.0 *
					(double)(story_end_s(story) -
						 story_start_s(story)));
	story_free(story);
	country_free(&country);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scenarios scenarios;

	if (!scenarios_parse(
		    &scenarios, (struct span){(const char *)data, size}, "fuzz"))
		return 0;
	for (size_t i = 0; i < scenarios.n && i < ROWS_TOLD; i++)
		tell(scenarios_at(&scenarios, i));
	scenarios_free(&scenarios);
	return 0;
}
