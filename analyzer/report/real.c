#include "analyzer/report/real.h"

static const struct {
	unsigned right, of;
} reals[] = {
#define REAL(what, right, of) {right, of},
#include "analyzer/report/real.def"
};

void
real_sentence(struct buf *out)
{
	unsigned right = 0, of = 0;

	for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
		right += reals[i].right;
		of += reals[i].of;
	}
	buf_printf(out,
		"Calibrated on simulated countries; right in %u of %u real events, "
		"which others measured: no probe of this system saw one.",
		right, of);
}
