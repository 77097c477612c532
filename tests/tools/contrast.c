/*
 * Says of each line of a comparison on its input whether the analyzer would call the name
 * slower: "slower" or "alike" with its figures, or "too few".
 */
#include <stdio.h>
#include <string.h>

#include "analyzer/analysis/contrast.h"
#include "common/measurement.h"

int
main(void)
{
	char line[8192];

	while (fgets(line, sizeof(line), stdin)) {
		struct measurement m;
		struct contrast c;

		line[strcspn(line, "\n")] = '\0';
		if (measurement_decode(&m, (struct span){line, strlen(line)}, NULL) !=
			OK) {
			fprintf(stderr, "contrast: a line that is no measurement\n");
			return 1;
		}
		if (contrast_of(&c, m.rates_bps, m.rates_bps_n, m.control_rates_bps,
			    m.control_rates_bps_n))
			printf("%s %lld %lld\n", c.slower ? "slower" : "alike",
				(long long)c.less_percent, (long long)c.chance_ppm);
		else
			printf("too few\n");
	}
	return 0;
}
