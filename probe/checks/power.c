#include "common/clock.h"
#include "probe/check.h"
#include "probe/doors/supply.h"

#define MINUTE_US INT64_C(60000000)

void
check_power(struct attempt *attempt)
{
	check_step(attempt, STAGE_read);
	SET(&attempt->m, uptime_min, clock_boot_us() / MINUTE_US);
	SET(&attempt->m, unclean_stop, attempt->job.unclean_stop);
	SET(&attempt->m, supply, supply_read("/sys/class/power_supply"));
	check_end(attempt, OUTCOME_ok);
}
