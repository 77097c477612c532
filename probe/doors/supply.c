#include "probe/doors/supply.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"

#define VALUE_BYTES_MAX 4096 /* one page: what a file of sysfs can hold */

/* Does root/name/attribute hold this word? A file that is not there holds none. */
static bool
supply_says(const char *root, const char *name, const char *attribute, const char *word)
{
	char folder[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct buf text = {0};
	bool says = false;

	if (file_path(folder, root, name) != OK ||
		file_path(path, folder, attribute) != OK ||
		file_read(&text, path, VALUE_BYTES_MAX) != OK)
		goto done;
	says = text.len > 0 && strcspn(text.data, "\n") == strlen(word) &&
	       !strncmp(text.data, word, strlen(word));
done:
	buf_free(&text);
	return says;
}

static enum supply
supply_read_one(const char *root, const char *name)
{
	if (supply_says(root, name, "scope", "Device"))
		return SUPPLY_unknown;
	if (supply_says(root, name, "type", "Battery")) {
		if (supply_says(root, name, "status", "Discharging"))
			return SUPPLY_battery;
		if (supply_says(root, name, "status", "Charging") ||
			supply_says(root, name, "status", "Full") ||
			supply_says(root, name, "status", "Not charging"))
			return SUPPLY_mains;
		return SUPPLY_unknown;
	}
	if ((supply_says(root, name, "type", "Mains") ||
		    supply_says(root, name, "type", "USB")) &&
		supply_says(root, name, "online", "1"))
		return SUPPLY_mains;
	return SUPPLY_unknown;
}

enum supply
supply_read(const char *root)
{
	enum supply supply = SUPPLY_unknown;
	const struct dirent *entry;
	DIR *dir = opendir(root);

	if (!dir)
		return SUPPLY_unknown;
	while ((entry = readdir(dir))) {
		enum supply one = SUPPLY_unknown;

		if (entry->d_name[0] != '.')
			one = supply_read_one(root, entry->d_name);
		/* One source that is online outweighs a battery that helps it. */
		if (one == SUPPLY_mains ||
			(one == SUPPLY_battery && supply == SUPPLY_unknown))
			supply = one;
	}
	closedir(dir);
	return supply;
}
