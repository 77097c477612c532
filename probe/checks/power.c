#include "common/clock.h"
#include "probe/check.h"
#include "probe/doors/supply.h"

#define MINUTE_US INT64_C(60000000)

/* The board forgets its alarm within seconds; what it said once is said until the end. */
static void
tell_voltage(struct attempt *attempt)
{
	int low = supply_undervoltage("/sys");

	if (low > 0)
		attempt->memory[0] = 1;
	if (low >= 0)
		SET(&attempt->m, undervoltage, attempt->memory[0] == 1);
}

void
check_power(struct attempt *attempt)
{
	struct measurement *m = &attempt->m;
	const struct job *job = &attempt->job;
	struct supply_state state;

	check_step(attempt, STAGE_read);
	SET(m, uptime_min, clock_boot_us() / MINUTE_US);
	SET(m, unclean_stop, job->unclean_stop);
	if (job->unclean_stop && job->alive_us >= 0) {
		SET(m, alive_boot, job->alive_boot);
		SET(m, alive_us, job->alive_us);
	}
	state = supply_read("/sys/class/power_supply");
	SET(m, supply, state.supply);
	if (state.percent >= 0)
		SET(m, battery_percent, state.percent);
	tell_voltage(attempt);
	check_end(attempt, OUTCOME_ok);
}
