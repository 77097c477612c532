#include "tests/world/routes.h"

#include "common/utc.h"
#include "tests/world/chance.h"

#define STEP_S 1800
#define NOISE .25 /* percent: peers come and go */

static double
seen(struct chance *chance, const struct story *story, uint8_t network, int64_t utc_s)
{
	double percent = weather_routes(story, network, (double)utc_s) -
			 NOISE * chance_draw(chance);

	return percent < 0 ? 0 : percent;
}

void
routes_write(FILE *out, const struct country *country, const struct story *story)
{
	struct chance chance = {country->seed * 2 + 77};
	char time[UTC_TEXT_BYTES];

	fputs(ROUTES_HEADER, out);
	for (uint8_t network = 0; network < WORLD_ABROAD; network++)
		for (int64_t at_s = story_start_s(story); at_s < story_end_s(story);
			at_s += STEP_S) {
			utc_text(time, at_s * 1000000);
			fprintf(out, "collector,bgp,%s,%u,%s,%.2f\n",
				country->networks[network].country,
				country->networks[network].asn, time,
				seen(&chance, story, network, at_s));
		}
}
