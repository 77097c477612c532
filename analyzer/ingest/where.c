#include "analyzer/steps.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct where_db {
	MMDB_s asn, country;
	bool has_asn, has_country;
};

static enum err
open_one(MMDB_s *db, bool *has, const char *path)
{
	int status;

	if (path[0] == '\0')
		return OK;
	status = MMDB_open(path, MMDB_MODE_MMAP, db);
	if (status == MMDB_SUCCESS) {
		*has = true;
		return OK;
	}
	log_error("%s: %s", path, MMDB_strerror(status));
	if (status == MMDB_FILE_OPEN_ERROR)
		return ERR_NOT_FOUND;
	return ERR_FORMAT;
}

enum err
where_open(struct where_db **out, const char *asn_path, const char *country_path)
{
	struct where_db *db = calloc(1, sizeof *db);
	enum err err;

	if (!db)
		bug("no memory");
	err = open_one(&db->asn, &db->has_asn, asn_path);
	if (err == OK)
		err = open_one(&db->country, &db->has_country, country_path);
	if (err != OK) {
		where_close(db);
		return err;
	}
	*out = db;
	return OK;
}

void
where_close(struct where_db *db)
{
	if (!db)
		return;
	if (db->has_asn)
		MMDB_close(&db->asn);
	if (db->has_country)
		MMDB_close(&db->country);
	free(db);
}

static bool
look_up(MMDB_entry_s *entry, MMDB_s *db, const char *address)
{
	int gai = 0, status = MMDB_SUCCESS;
	MMDB_lookup_result_s result = MMDB_lookup_string(db, address, &gai, &status);

	*entry = result.entry;
	return gai == 0 && status == MMDB_SUCCESS && result.found_entry;
}

static uint32_t
find_asn(struct where_db *db, const char *address)
{
	MMDB_entry_s entry;
	MMDB_entry_data_s data;

	if (!db->has_asn || !look_up(&entry, &db->asn, address) ||
		MMDB_get_value(&entry, &data, "autonomous_system_number", NULL) !=
			MMDB_SUCCESS ||
		!data.has_data || data.type != MMDB_DATA_TYPE_UINT32)
		return 0;
	return data.uint32;
}

/* GeoLite2 and DB-IP nest the code, the ip-location-db files have it flat. */
static bool
code_of(MMDB_entry_data_s *data, MMDB_entry_s *entry)
{
	if (MMDB_get_value(entry, data, "country", "iso_code", NULL) == MMDB_SUCCESS &&
		data->has_data)
		return true;
	return MMDB_get_value(entry, data, "country_code", NULL) == MMDB_SUCCESS &&
	       data->has_data;
}

static void
find_country(char country[static 3], struct where_db *db, const char *address)
{
	MMDB_entry_s entry;
	MMDB_entry_data_s data;

	strcpy(country, "ZZ");
	if (!db->has_country || !look_up(&entry, &db->country, address) ||
		!code_of(&data, &entry) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
		data.data_size != 2)
		return;
	for (int i = 0; i < 2; i++)
		if (data.utf8_string[i] < 'A' || data.utf8_string[i] > 'Z')
			return;
	memcpy(country, data.utf8_string, 2);
}

/* The part that is kept of an address: never finer than a /24 or /48. */
static bool
find_prefix(char prefix[static 50], const char *address)
{
	struct in_addr four;
	struct in6_addr six;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, address, &four) == 1) {
		four.s_addr &= htonl(0xffffff00);
		inet_ntop(AF_INET, &four, text, sizeof text);
		snprintf(prefix, 50, "%s/24", text);
		return true;
	}
	if (inet_pton(AF_INET6, address, &six) != 1)
		return false;
	memset(six.s6_addr + 6, 0, 10);
	inet_ntop(AF_INET6, &six, text, sizeof text);
	snprintf(prefix, 50, "%s/48", text);
	return true;
}

bool
where_find(struct place *place, struct where_db *db, const char *address)
{
	/* What comes in over an IPv6 socket from an IPv4 host (RFC 4291, IPv4-mapped). */
	if (strncasecmp(address, "::ffff:", 7) == 0 && strchr(address, '.'))
		address += 7;
	if (!find_prefix(place->prefix, address))
		return false;
	place->asn = find_asn(db, address);
	find_country(place->country, db, address);
	return true;
}
