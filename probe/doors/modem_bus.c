#if WITH_MODEM
#include "probe/doors/modem_bus.h"

#include <dlfcn.h>
#include <string.h>

bool
modem_bus_load(struct modem_bus *bus)
{
	void *library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	void *function;

	if (!library)
		return false;
#define LOAD(name)                                                                     \
	function = dlsym(library, #name);                                              \
	if (!function)                                                                 \
		return false;                                                          \
	memcpy(&bus->name, &function, sizeof(function));
	MODEM_BUS_FUNCTIONS(LOAD)
#undef LOAD
	return true;
}
#endif
