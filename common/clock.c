#include "common/clock.h"

#include <sys/timex.h>
#include <time.h>

#include "common/log.h"

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		bug("clock %d is missing", (int)id);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_utc_us(void)
{
	return read_us(CLOCK_REALTIME);
}

int64_t
clock_boot_us(void)
{
	return read_us(CLOCK_BOOTTIME);
}

int64_t
clock_raw_us(void)
{
	return read_us(CLOCK_MONOTONIC_RAW);
}

struct clock_state
clock_state_read(void)
{
	struct timex tx = {.modes = 0};
	int answer = adjtimex(&tx);
	int kept = answer >= 0 && answer != TIME_ERROR && !(tx.status & STA_UNSYNC);

	/* A sandbox may refuse even the reading call: then nothing vouches for the clock. */
	return (struct clock_state){.state = kept, .error_us = kept ? tx.maxerror : 0};
}
