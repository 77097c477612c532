#include "probe/doors/supply.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"

#define VALUE_BYTES_MAX 4096 /* one page: what a file of sysfs can hold */
#define WORD_BYTES 32 /* more than any word that means something here */
#define UNDERVOLTAGE_HAS_OCCURRED (1 << 16)

/* The first line of root/name/attribute; "" where there is none, or a longer one. */
static void
read_word(char word[static WORD_BYTES], const char *root, const char *name,
	const char *attribute)
{
	char folder[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct buf text = {0};
	size_t n;

	word[0] = '\0';
	if (file_path(folder, root, name) != OK ||
		file_path(path, folder, attribute) != OK ||
		file_read(&text, path, VALUE_BYTES_MAX) != OK || text.len == 0)
		goto done;
	n = strcspn(text.data, "\n");
	if (n < WORD_BYTES) {
		memcpy(word, text.data, n);
		word[n] = '\0';
	}
done:
	buf_free(&text);
}

static bool
says(const char *root, const char *name, const char *attribute, const char *wanted)
{
	char word[WORD_BYTES];

	read_word(word, root, name, attribute);
	return !strcmp(word, wanted);
}

/* A whole number, or -1. */
static long
read_number(const char *root, const char *name, const char *attribute, int base)
{
	char word[WORD_BYTES], *end;
	long number;

	read_word(word, root, name, attribute);
	number = strtol(word, &end, base);
	return word[0] == '\0' || *end != '\0' || number < 0 ? -1 : number;
}

static bool
is_battery(const char *root, const char *name)
{
	return !says(root, name, "scope", "Device") &&
	       (says(root, name, "type", "Battery") || says(root, name, "type", "UPS"));
}

static enum supply
battery_says(const char *root, const char *name)
{
	if (says(root, name, "status", "Discharging"))
		return SUPPLY_battery;
	if (says(root, name, "status", "Charging") ||
		says(root, name, "status", "Full") ||
		says(root, name, "status", "Not charging"))
		return SUPPLY_mains;
	return SUPPLY_unknown;
}

/* 1: on, 2: on at a voltage of its own choice. */
static bool
is_mains(const char *root, const char *name)
{
	return !says(root, name, "scope", "Device") &&
	       (says(root, name, "type", "Mains") || says(root, name, "type", "USB")) &&
	       (says(root, name, "online", "1") || says(root, name, "online", "2"));
}

/* What all of them say together. */
struct said {
	bool online, discharging, charged;
	long percents, n;
};

static void
hear(struct said *said, const char *root, const char *name)
{
	enum supply battery;
	long percent;

	if (!is_battery(root, name)) {
		said->online |= is_mains(root, name);
		return;
	}
	battery = battery_says(root, name);
	said->discharging |= battery == SUPPLY_battery;
	said->charged |= battery == SUPPLY_mains;
	percent = read_number(root, name, "capacity", 10);
	if (percent >= 0 && percent <= 100) {
		said->percents += percent;
		said->n++;
	}
}

struct supply_state
supply_read(const char *root)
{
	struct supply_state state = {SUPPLY_unknown, -1};
	const struct dirent *entry;
	struct said said = {0};
	DIR *dir = opendir(root);

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			hear(&said, root, entry->d_name);
	if (dir)
		closedir(dir);
	/* A source that is online outweighs a battery that helps it; one of two batteries that
	 * rests is no source. */
	if (said.online || (said.charged && !said.discharging))
		state.supply = SUPPLY_mains;
	else if (said.discharging)
		state.supply = SUPPLY_battery;
	if (said.n > 0)
		state.percent = (int)((said.percents + said.n / 2) / said.n);
	return state;
}

/* The alarm of a sensor called rpi_volt; -1 there is none. */
static int
voltage_alarm(const char *root)
{
	const struct dirent *entry;
	int alarm = -1;
	DIR *dir = opendir(root);

	while (dir && alarm < 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
			says(root, entry->d_name, "name", "rpi_volt"))
			alarm = (int)read_number(
				root, entry->d_name, "in0_lcrit_alarm", 10);
	if (dir)
		closedir(dir);
	return alarm < 0 ? -1 : alarm > 0;
}

int
supply_undervoltage(const char *root)
{
	char path[FILE_PATH_BYTES];
	int alarm = -1;
	long flags;

	if (file_path(path, root, "class/hwmon") == OK)
		alarm = voltage_alarm(path);
	if (alarm >= 0 || file_path(path, root, "devices/platform/soc") != OK)
		return alarm;
	flags = read_number(path, "soc:firmware", "get_throttled", 16);
	return flags < 0 ? -1 : (flags & UNDERVOLTAGE_HAS_OCCURRED) != 0;
}
