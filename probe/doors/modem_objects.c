#include "probe/doors/modem_objects.h"

#if WITH_MODEM
#include <errno.h>
#include <string.h>

#include "probe/doors/modem_bus.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define DBM_LEAST (-160)

/* Reads the value that the message stands at, of the row's type: negative, the message is
 * not what its signature says. */
typedef int read_fn(const struct modem_message *m, struct modem_object *o, size_t at);

/* A text that does not fit is none: it would be another one. */
static void
keep_text(char *to, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n < size)
		memcpy(to, text, n + 1);
	else
		to[0] = '\0';
}

static int
read_number(const struct modem_message *m, struct modem_object *o, size_t at)
{
	int64_t *to = (int64_t *)((char *)o + at);
	uint32_t value = 0; /* i, u and b are all of 32 bits */
	char type = 0;
	int r = MESSAGE_PEEK(m, &type, NULL);

	if (r > 0)
		r = MESSAGE_READ_BASIC(m, type, &value);
	*to = type == SD_BUS_TYPE_INT32 ? (int32_t)value : (int64_t)value;
	return r;
}

static int
read_text(const struct modem_message *m, struct modem_object *o, size_t at)
{
	const char *text = "";
	int r = MESSAGE_READ(m, "s", &text);

	if (at == offsetof(struct modem_object, interface))
		keep_text(o->interface, sizeof(o->interface), text);
	else
		keep_text(o->plmn, sizeof(o->plmn), text);
	return r;
}

static int
read_quality(const struct modem_message *m, struct modem_object *o, size_t at)
{
	uint32_t percent = 0;
	int recent, r = MESSAGE_READ(m, "(ub)", &percent, &recent);

	(void)at;
	o->percent = percent <= 100 ? (int64_t)percent : -1;
	return r;
}

static int
read_error(const struct modem_message *m, struct modem_object *o, size_t at)
{
	const char *name = "", *says;
	int r = MESSAGE_READ(m, "(ss)", &name, &says);

	(void)at;
	keep_text(o->error, sizeof(o->error), name);
	return r;
}

static int
read_bearers(const struct modem_message *m, struct modem_object *o, size_t at)
{
	const char *path;
	int r = MESSAGE_ENTER(m, 'a', "o");

	(void)at;
	while (r >= 0 && (r = MESSAGE_READ(m, "o", &path)) > 0)
		if (o->n_bearers < LENGTH(o->bearers))
			keep_text(o->bearers[o->n_bearers++], MODEM_PATH_BYTES, path);
	return r < 0 ? r : MESSAGE_EXIT(m);
}

static int
read_ports(const struct modem_message *m, struct modem_object *o, size_t at)
{
	const char *name;
	uint32_t type;
	int r = MESSAGE_ENTER(m, 'a', "(su)");

	(void)at;
	while (r >= 0 && (r = MESSAGE_READ(m, "(su)", &name, &type)) > 0)
		o->has_uplink |= o->uplink[0] && !strcmp(name, o->uplink);
	return r < 0 ? r : MESSAGE_EXIT(m);
}

/* One pair of a dictionary: its key, and whether its value, of that type, was read into
 * value; any other is passed over. 0 at the end of the dictionary. */
static int
read_pair(const struct modem_message *m, const char **key, char type, void *value,
	bool *is)
{
	const char types[2] = {type, '\0'}, *contents = NULL;
	int r = MESSAGE_ENTER(m, 'e', "sv");

	*is = false;
	if (r <= 0)
		return r;
	r = MESSAGE_READ(m, "s", key);
	if (r >= 0)
		r = MESSAGE_PEEK(m, NULL, &contents);
	*is = r >= 0 && contents && !strcmp(contents, types);
	if (r >= 0)
		r = *is ? MESSAGE_READ(m, "v", types, value) : MESSAGE_SKIP(m, "v");
	return r < 0 ? r : MESSAGE_EXIT(m) < 0 ? -EBADMSG : 1;
}

/* Modem.Signal's figures of one technology: what is received of the cell itself where that is
 * told (RSRP, RSCP), else all that is received (RSSI). Whoever knows none says the lowest
 * number there is. */
static int
read_signal(const struct modem_message *m, struct modem_object *o, size_t at)
{
	int *to = (int *)((char *)o + at);
	const char *key = "";
	double dbm = 0;
	bool is, own = false;
	int r = MESSAGE_ENTER(m, 'a', "{sv}");

	while (r >= 0 && (r = read_pair(m, &key, 'd', &dbm, &is)) > 0) {
		bool better = !strcmp(key, "rsrp") || !strcmp(key, "rscp");

		if (!is || !(dbm >= DBM_LEAST && dbm <= 0) ||
			(!better && (own || strcmp(key, "rssi") != 0)))
			continue;
		*to = (int)(dbm - 0.5);
		own = better;
	}
	return r < 0 ? r : MESSAGE_EXIT(m);
}

/* MMNetworkError is numbered by the 3GPP's causes. */
static int
read_rejection(const struct modem_message *m, struct modem_object *o, size_t at)
{
	const char *key = "";
	uint32_t cause = 0;
	bool is;
	int r = MESSAGE_ENTER(m, 'a', "{sv}");

	(void)at;
	while (r >= 0 && (r = read_pair(m, &key, 'u', &cause, &is)) > 0)
		if (is && !strcmp(key, "error") && cause <= 255)
			o->rejection = cause;
	return r < 0 ? r : MESSAGE_EXIT(m);
}

#define SERVICE "org.freedesktop.ModemManager1"
#define MODEM SERVICE ".Modem"
#define AT(member) offsetof(struct modem_object, member)
static const struct property {
	const char *interface, *name, *type;
	size_t at;
	read_fn *read;
} properties[] = {
	{MODEM, "State", "i", AT(state), read_number},
	{MODEM, "AccessTechnologies", "u", AT(access_tech), read_number},
	{MODEM, "SignalQuality", "(ub)", 0, read_quality},
	{MODEM, "Bearers", "ao", 0, read_bearers},
	{MODEM, "Ports", "a(su)", 0, read_ports},
	{MODEM ".Modem3gpp", "RegistrationState", "u", AT(registration), read_number},
	{MODEM ".Modem3gpp", "OperatorCode", "s", AT(plmn), read_text},
	{MODEM ".Modem3gpp", "NetworkRejection", "a{sv}", 0, read_rejection},
	{MODEM ".Signal", "Rate", "u", AT(rate), read_number},
	{MODEM ".Signal", "RssiThreshold", "u", AT(threshold), read_number},
	{MODEM ".Signal", "Gsm", "a{sv}", AT(dbm[MODEM_GSM]), read_signal},
	{MODEM ".Signal", "Umts", "a{sv}", AT(dbm[MODEM_UMTS]), read_signal},
	{MODEM ".Signal", "Lte", "a{sv}", AT(dbm[MODEM_LTE]), read_signal},
	{MODEM ".Signal", "Nr5g", "a{sv}", AT(dbm[MODEM_NR]), read_signal},
	{MODEM ".Voice", "EmergencyOnly", "b", AT(emergency_only), read_number},
	{SERVICE ".Bearer", "Connected", "b", AT(connected), read_number},
	{SERVICE ".Bearer", "Suspended", "b", AT(suspended), read_number},
	{SERVICE ".Bearer", "Interface", "s", AT(interface), read_text},
	{SERVICE ".Bearer", "ConnectionError", "(ss)", 0, read_error},
};

static const struct property *
find_property(const char *interface, const char *name, const char *type)
{
	for (size_t i = 0; i < LENGTH(properties); i++)
		if (!strcmp(properties[i].interface, interface) &&
			!strcmp(properties[i].name, name) && type &&
			!strcmp(properties[i].type, type))
			return &properties[i];
	return NULL;
}

/* The properties of one interface: a{sv}. */
static int
read_properties(
	const struct modem_message *m, struct modem_object *o, const char *interface)
{
	int r = MESSAGE_ENTER(m, 'a', "{sv}");

	while (r >= 0 && (r = MESSAGE_ENTER(m, 'e', "sv")) > 0) {
		const struct property *property = NULL;
		const char *name = "", *type = NULL;

		r = MESSAGE_READ(m, "s", &name);
		if (r >= 0)
			r = MESSAGE_PEEK(m, NULL, &type);
		if (r >= 0)
			property = find_property(interface, name, type);
		if (r >= 0 && !property)
			r = MESSAGE_SKIP(m, "v");
		else if (r >= 0) {
			r = MESSAGE_ENTER(m, 'v', property->type);
			if (r >= 0)
				r = property->read(m, o, property->at);
			if (r >= 0)
				r = MESSAGE_EXIT(m);
		}
		if (r >= 0)
			r = MESSAGE_EXIT(m);
	}
	return r < 0 ? r : MESSAGE_EXIT(m);
}

/* The interfaces of one object: a{sa{sv}}. */
static int
read_interfaces(const struct modem_message *m, struct modem_object *o)
{
	int r = MESSAGE_ENTER(m, 'a', "{sa{sv}}");

	while (r >= 0 && (r = MESSAGE_ENTER(m, 'e', "sa{sv}")) > 0) {
		const char *interface = "";

		r = MESSAGE_READ(m, "s", &interface);
		o->is_modem |= !strcmp(interface, MODEM);
		o->is_bearer |= !strcmp(interface, SERVICE ".Bearer");
		o->has_voice |= !strcmp(interface, MODEM ".Voice");
		if (r >= 0)
			r = read_properties(m, o, interface);
		if (r >= 0)
			r = MESSAGE_EXIT(m);
	}
	return r < 0 ? r : MESSAGE_EXIT(m);
}

static void
keep_object(struct modem_objects *objects, const struct modem_object *o)
{
	if (o->is_modem && objects->n_modems < LENGTH(objects->modems))
		objects->modems[objects->n_modems++] = *o;
	else if (o->is_bearer && objects->n_bearers < LENGTH(objects->bearers))
		objects->bearers[objects->n_bearers++] = *o;
}

bool
modem_objects_read(struct modem_objects *objects, const struct modem_message *m)
{
	int r = MESSAGE_ENTER(m, 'a', "{oa{sa{sv}}}");

	while (r >= 0 && (r = MESSAGE_ENTER(m, 'e', "oa{sa{sv}}")) > 0) {
		struct modem_object o = {.uplink = objects->uplink,
			.state = -1,
			.access_tech = -1,
			.percent = -1,
			.registration = -1,
			.rate = -1,
			.dbm = {MODEM_DBM_UNKNOWN, MODEM_DBM_UNKNOWN, MODEM_DBM_UNKNOWN,
				MODEM_DBM_UNKNOWN}};
		const char *path = "";

		r = MESSAGE_READ(m, "o", &path);
		keep_text(o.path, sizeof(o.path), path);
		if (r >= 0)
			r = read_interfaces(m, &o);
		if (r >= 0)
			r = MESSAGE_EXIT(m);
		if (r >= 0 && o.path[0])
			keep_object(objects, &o);
	}
	return r >= 0;
}
#endif
