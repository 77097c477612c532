/* Whatever the modem's service says, of any property, in any number and of any type: what is
 * told of it can be said in a line. The text is tests/unit/objects.h's. */
#include <stdlib.h>
#include <string.h>

#include "probe/doors/modem_objects.h"
#include "tests/fuzz/fuzz.h"

#if WITH_MODEM
#include "probe/doors/modem_bus.h"
#include "tests/unit/objects.h"

static void
try_modem(const struct modem *m)
{
	must(m->access_tech >= -1 && m->access_tech <= UINT32_MAX);
	must(m->signal_percent >= -1 && m->signal_percent <= 100);
	must(m->signal_dbm == 1 || (m->signal_dbm >= -160 && m->signal_dbm <= 0));
	must(m->reject_cause >= 0 && m->reject_cause <= 255);
	must(m->voice >= -1 && m->voice <= 1);
	must(strnlen(m->path, sizeof(m->path)) < sizeof(m->path));
	must(strspn(m->plmn, "0123456789") == strnlen(m->plmn, sizeof(m->plmn)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modem_objects objects = {.uplink = "wwan0"};
	struct objects_bus bus = {.other = -1};
	char *text = calloc(1, size + 1);
	struct modem modem;
	struct modem_bus by;
	sd_bus_message *m;

	must(text && modem_bus_load(&by) && objects_bus_open(&bus) >= 0);
	memcpy(text, data, size);
	m = objects_message(&bus, text);
	if (m && modem_objects_read(&objects, &(struct modem_message){&by, m}) &&
		modem_choose(&modem, &objects))
		try_modem(&modem);
	sd_bus_message_unref(m);
	objects_bus_close(&bus);
	free(text);
	return 0;
}
#else
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data, (void)size;
	return 0;
}
#endif
