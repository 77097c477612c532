#include "probe/doors/device.h"

#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"

#define VALUE_BYTES_MAX 4096 /* one page: what a file of sysfs can hold */

/* As /sys spells RFC 2863's states. */
static const char *const device_states[OPERSTATE_COUNT] = {
#define OPERSTATE(name, sentence) #name,
#include "common/measurement.def"
};

static enum operstate
device_state(struct span word)
{
	for (size_t i = 0; i < OPERSTATE_COUNT; i++)
		if (word.len == strlen(device_states[i]) &&
			!memcmp(word.at, device_states[i], word.len))
			return (enum operstate)i;
	return OPERSTATE_unknown;
}

/* A file that is not there is empty. */
static void
device_read_file(struct buf *text, const char *folder, const char *name)
{
	char path[FILE_PATH_BYTES];

	buf_clear(text);
	if (file_path(path, folder, name) != OK ||
		file_read(text, path, VALUE_BYTES_MAX) != OK)
		buf_clear(text);
}

static bool
device_has(const char *folder, const char *name)
{
	char path[FILE_PATH_BYTES];

	return file_path(path, folder, name) == OK && access(path, F_OK) == 0;
}

void
device_read(struct device *device, const char *root, const char *interface)
{
	char folder[FILE_PATH_BYTES];
	struct buf text = {0};
	struct span rest, line;

	*device = (struct device){.operstate = OPERSTATE_unknown};
	if (!interface[0] || file_path(folder, root, interface) != OK)
		return;
	device_read_file(&text, folder, "operstate");
	rest = buf_span(&text);
	if (span_line(&line, &rest))
		device->operstate = device_state(line);
	device_read_file(&text, folder, "uevent");
	rest = buf_span(&text);
	while (span_line(&line, &rest)) {
		device->wireless |= span_is(line, "DEVTYPE=wlan");
		device->mobile |= span_is(line, "DEVTYPE=wwan");
	}
	/* Drivers older than cfg80211 have the folder alone. */
	device->wireless |=
		device_has(folder, "phy80211") || device_has(folder, "wireless");
	buf_free(&text);
}
