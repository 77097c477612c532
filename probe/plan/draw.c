#include "probe/steps.h"

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do, and the state is one word. */
static uint64_t
draw(uint64_t *random)
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
draw_aside(uint64_t random, enum check check)
{
	random ^= (uint64_t)(check + 1) << 32;
	return draw(&random);
}

/* The bias of the remainder is under 2^-20 for what we draw. */
int64_t
draw_below(uint64_t *random, int64_t below)
{
	return below <= 0 ? 0 : (int64_t)(draw(random) % (uint64_t)below);
}

int64_t
draw_jitter_us(uint64_t *random, int64_t interval_us)
{
	return interval_us - interval_us / 10 + draw_below(random, interval_us / 5 + 1);
}

int64_t
draw_back_off_us(uint64_t *random, const struct config *config, int64_t failures)
{
	int64_t most = config->back_off_us;

	while (failures-- > 1 && most < config->back_off_max_us)
		most *= 2;
	if (most > config->back_off_max_us)
		most = config->back_off_max_us;
	return 1 + draw_below(random, most);
}
