#include "probe/steps.h"

/* Row of checks.def, as far as planning needs it. */
static const struct cost {
	enum level level;
	uint32_t bytes, packets;
} costs[CHECK_COUNT] = {
#undef CHECK
#define LEVEL_OF_low LEVEL_LOW
#define LEVEL_OF_normal LEVEL_NORMAL
#define LEVEL_OF_high LEVEL_HIGH
#define CHECK(name, level, bytes, packets, deadline_s, sentence)                       \
	[CHECK_##name] = {LEVEL_OF_##level, bytes, packets},
#include "probe/checks.def"
};

/* Transfers of a comparison: four pairs, and two pages before them. */
#define COMPARED 10
/* A front page that is shorter than what is to come over a connection comes before it. */
#define FRONT_PAGE_BYTES 10000

enum level
cost_level(enum check check)
{
	return costs[check].level;
}

int64_t
cost_check_bytes(enum check check)
{
	return costs[check].bytes;
}

/* Headers and acknowledgements are a fifth, and there is a handshake. */
int64_t
cost_transfer_bytes(int64_t bytes)
{
	return bytes * 6 / 5 + 6000;
}

/* The row that says what a job costs: a question inside TLS is a handshake first. */
static const struct cost *
cost_of(const struct job *job)
{
	bool secure = job->check == CHECK_dns && job->target.port != 53;

	return &costs[secure ? CHECK_tls : job->check];
}

int64_t
cost_packets(const struct job *job)
{
	/* A host that has a name alone is asked for first. */
	if (job->check == CHECK_ping)
		return job->count + (job->target.address[0] == '\0');
	return cost_of(job)->packets;
}

int64_t
cost_job_bytes(const struct job *job)
{
	int64_t bytes = cost_of(job)->bytes;

	if (job->check == CHECK_ping)
		return bytes * job->count;
	if (job->check == CHECK_compare)
		return cost_transfer_bytes(job->bytes) * COMPARED;
	if (job->check == CHECK_large)
		return cost_transfer_bytes(job->bytes) + FRONT_PAGE_BYTES;
	if (job->bytes > 0)
		return cost_transfer_bytes(job->bytes);
	return bytes;
}
