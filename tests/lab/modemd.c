/*
 * A modem as ModemManager shows it: the service's name and one modem with one bearer, by the
 * interfaces of its API (1.20), on the bus of DBUS_SYSTEM_BUS_ADDRESS.
 *
 * Says "ready" once it owns the name. From then on a line of NAME=VALUE words on standard
 * input changes all of them at once; when the bus has been told it says "told". Ends with its
 * input. A word that it does not know, or a value that no modem has, ends it with exit 2.
 *
 *   state           MMModemState: 8 registered, 11 connected
 *   failed          MMModemStateFailedReason
 *   technologies    MMModemAccessTechnology, as flags: 16 EDGE, 32 UMTS, 16384 LTE
 *   quality         percent
 *   dbm             of the serving cell: RSRP, RSCP or RSSI, as the technology has it
 *   registration    MMModem3gppRegistrationState: 1 home, 2 searching, 3 denied, 5 roaming
 *   operator        MCC and MNC
 *   connected       1 the bearer carries data
 *   reject          name of an MMMobileEquipmentError, as the bus spells it; "-" none
 *   cell            the serving cell's number
 *   neighbours      how many other cells are heard, 64 at most
 *
 * As with the service, what Modem.Signal holds is empty until somebody asked for it by Setup,
 * and cells are told only when asked for. Identities of a subscriber or a device are not
 * among what it has.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define SERVICE "org.freedesktop.ModemManager1"
#define ROOT "/org/freedesktop/ModemManager1"
#define MODEM_PATH ROOT "/Modem/0"
#define BEARER_PATH ROOT "/Bearer/0"
#define MODEM SERVICE ".Modem"
#define MODEM_3GPP MODEM ".Modem3gpp"
#define SIGNAL MODEM ".Signal"
#define BEARER SERVICE ".Bearer"
#define REJECTED SERVICE ".Error.MobileEquipment."

#define TECHNOLOGIES_2G (2u | 4u | 8u | 16u)
#define TECHNOLOGIES_3G (32u | 64u | 128u | 256u | 512u)
#define TECHNOLOGIES_4G 16384u
#define NEIGHBOUR_DB 9 /* so much weaker than the cell that serves */
#define NEIGHBOURS_MOST 64
#define LINE_BYTES 1024

struct modem {
	int32_t state;
	uint32_t failed, technologies, quality, registration, cell, neighbours;
	int32_t dbm;
	int connected; /* as sd-bus reads a boolean */
	uint32_t rate; /* of Signal; 0 nobody asked for it */
	char plmn[8];
	char reject[64];
};

static uint32_t
cell_type(const struct modem *m)
{
	if (m->technologies & TECHNOLOGIES_4G)
		return 5;
	if (m->technologies & TECHNOLOGIES_3G)
		return 3;
	return m->technologies & TECHNOLOGIES_2G ? 2 : 0;
}

static int
get_string(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "s", userdata);
}

static int
get_quality(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct modem *m = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "(ub)", m->quality, 1);
}

static int
get_bearers(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata,
		(void)error;
	return sd_bus_message_append(reply, "ao", 1, BEARER_PATH);
}

/* Each technology's own figures; there are none but for the one in use. */
static int
get_signal(sd_bus *bus, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct modem *m = userdata;
	uint32_t type = m->rate ? cell_type(m) : 0;
	double dbm = m->dbm;

	(void)bus, (void)path, (void)interface, (void)error;
	if (type == 5 && !strcmp(property, "Lte"))
		return sd_bus_message_append(reply, "a{sv}", 4, "rssi", "d", dbm + 26,
			"rsrq", "d", -11.0, "rsrp", "d", dbm, "snr", "d", 9.0);
	if (type == 3 && !strcmp(property, "Umts"))
		return sd_bus_message_append(reply, "a{sv}", 3, "rssi", "d", dbm + 7,
			"rscp", "d", dbm, "ecio", "d", -7.0);
	if (type == 2 && !strcmp(property, "Gsm"))
		return sd_bus_message_append(reply, "a{sv}", 1, "rssi", "d", dbm);
	return sd_bus_message_append(reply, "a{sv}", 0);
}

static int
get_connection_error(sd_bus *bus, const char *path, const char *interface,
	const char *property, sd_bus_message *reply, void *userdata,
	sd_bus_error *error)
{
	const struct modem *m = userdata;
	char name[sizeof(REJECTED) + sizeof(m->reject)] = "";

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	if (m->reject[0])
		snprintf(name, sizeof(name), REJECTED "%s", m->reject);
	return sd_bus_message_append(reply, "(ss)", name, m->reject);
}

static int
list_bearers(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	(void)userdata, (void)error;
	return sd_bus_reply_method_return(call, "ao", 1, BEARER_PATH);
}

static int
append_cell(sd_bus_message *reply, const struct modem *m, uint32_t n)
{
	uint32_t type = cell_type(m);
	char ci[9];
	double dbm = m->dbm - (n ? NEIGHBOUR_DB : 0);

	snprintf(ci, sizeof(ci), "%X", m->cell + n);
	if (type == 2) /* a GSM cell's level is an index, left out here */
		return sd_bus_message_append(reply, "a{sv}", 4, "cell-type", "u", type,
			"serving", "b", n == 0, "operator-id", "s", m->plmn, "ci", "s",
			ci);
	return sd_bus_message_append(reply, "a{sv}", 5, "cell-type", "u", type,
		"serving", "b", n == 0, "operator-id", "s", m->plmn, "ci", "s", ci,
		type == 5 ? "rsrp" : "rscp", "d", dbm);
}

static int
get_cell_info(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct modem *m = userdata;
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)error;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	for (uint32_t n = 0; r >= 0 && cell_type(m) && n <= m->neighbours; n++)
		r = append_cell(reply, m, n);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int
setup_signal(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct modem *m = userdata;
	int r = sd_bus_message_read(call, "u", &m->rate);

	(void)error;
	if (r >= 0)
		r = sd_bus_reply_method_return(call, "");
	if (r >= 0)
		r = sd_bus_emit_properties_changed(sd_bus_message_get_bus(call),
			MODEM_PATH, SIGNAL, "Rate", "Gsm", "Umts", "Lte", NULL);
	return r;
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PROPERTY(name, type, get, field)                                               \
	SD_BUS_PROPERTY(name, type, get, offsetof(struct modem, field), CHANGES)
#define WHOLE(name, type, get) SD_BUS_PROPERTY(name, type, get, 0, CHANGES)
#define METHOD(name, in, out, call)                                                    \
	SD_BUS_METHOD(name, in, out, call, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable modem_vtable[] = {SD_BUS_VTABLE_START(0),
	PROPERTY("State", "i", NULL, state),
	PROPERTY("StateFailedReason", "u", NULL, failed),
	PROPERTY("AccessTechnologies", "u", NULL, technologies),
	WHOLE("SignalQuality", "(ub)", get_quality),
	WHOLE("Bearers", "ao", get_bearers),
	METHOD("ListBearers", "", "ao", list_bearers),
	METHOD("GetCellInfo", "", "aa{sv}", get_cell_info),
	SD_BUS_SIGNAL("StateChanged", "iiu", 0), SD_BUS_VTABLE_END};
static const sd_bus_vtable modem_3gpp_vtable[] = {SD_BUS_VTABLE_START(0),
	PROPERTY("RegistrationState", "u", NULL, registration),
	PROPERTY("OperatorCode", "s", get_string, plmn), SD_BUS_VTABLE_END};
static const sd_bus_vtable signal_vtable[] = {SD_BUS_VTABLE_START(0),
	PROPERTY("Rate", "u", NULL, rate), WHOLE("Gsm", "a{sv}", get_signal),
	WHOLE("Umts", "a{sv}", get_signal), WHOLE("Lte", "a{sv}", get_signal),
	METHOD("Setup", "u", "", setup_signal), SD_BUS_VTABLE_END};
static const sd_bus_vtable bearer_vtable[] = {SD_BUS_VTABLE_START(0),
	PROPERTY("Connected", "b", NULL, connected),
	WHOLE("ConnectionError", "(ss)", get_connection_error), SD_BUS_VTABLE_END};

static int
add_objects(sd_bus *bus, struct modem *m)
{
	int r = sd_bus_add_object_manager(bus, NULL, ROOT);

	if (r >= 0)
		r = sd_bus_add_object_vtable(
			bus, NULL, MODEM_PATH, MODEM, modem_vtable, m);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			bus, NULL, MODEM_PATH, MODEM_3GPP, modem_3gpp_vtable, m);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			bus, NULL, MODEM_PATH, SIGNAL, signal_vtable, m);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			bus, NULL, BEARER_PATH, BEARER, bearer_vtable, m);
	return r >= 0 ? sd_bus_request_name(bus, SERVICE, 0) : r;
}

static void
set_text(char *to, size_t size, const char *word, const char *value)
{
	if (!strcmp(value, "-"))
		value = "";
	if (strlen(value) >= size)
		errx(2, "%s: '%s' is too long", word, value);
	memcpy(to, value, strlen(value) + 1);
}

static void
set_number(struct modem *m, const char *word, const char *value)
{
	const struct {
		const char *word;
		void *number; /* each is of 32 bits */
		long least, most;
	} numbers[] = {{"state", &m->state, -1, 11}, {"failed", &m->failed, 0, 5},
		{"technologies", &m->technologies, 0, INT32_MAX},
		{"quality", &m->quality, 0, 100}, {"dbm", &m->dbm, -200, 0},
		{"registration", &m->registration, 0, 11},
		{"connected", &m->connected, 0, 1}, {"cell", &m->cell, 0, INT32_MAX},
		{"neighbours", &m->neighbours, 0, NEIGHBOURS_MOST}};
	char *end;
	long number = strtol(value, &end, 10);
	int32_t kept = (int32_t)number;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (strcmp(numbers[i].word, word) != 0)
			continue;
		if (*end || end == value || number < numbers[i].least ||
			number > numbers[i].most)
			errx(2, "%s: '%s' is no number that fits", word, value);
		memcpy(numbers[i].number, &kept, sizeof(kept));
		return;
	}
	errx(2, "'%s' is nothing that this modem has", word);
}

static void
set(struct modem *m, char *line)
{
	char *rest = NULL;

	for (char *word = strtok_r(line, " \n", &rest); word;
		word = strtok_r(NULL, " \n", &rest)) {
		char *value = strchr(word, '=');

		if (!value)
			errx(2, "'%s' is no NAME=VALUE", word);
		*value++ = '\0';
		if (!strcmp(word, "operator"))
			set_text(m->plmn, sizeof(m->plmn), word, value);
		else if (!strcmp(word, "reject"))
			set_text(m->reject, sizeof(m->reject), word, value);
		else
			set_number(m, word, value);
	}
}

/* A list of the names of those properties that differ, ended by NULL. */
struct named {
	char *names[5];
	size_t n;
};

static void
add_if(struct named *list, int differs, char *name)
{
	if (differs)
		list->names[list->n++] = name;
}

static int
tell_some(sd_bus *bus, const char *path, const char *interface, struct named *list)
{
	return list->n ? sd_bus_emit_properties_changed_strv(
				 bus, path, interface, list->names)
		       : 0;
}

/* Signals of what differs: the service is silent about what stayed as it was. */
static int
tell(sd_bus *bus, const struct modem *now, const struct modem *before)
{
	static char state[] = "State", failed[] = "StateFailedReason",
		    technologies[] = "AccessTechnologies", quality[] = "SignalQuality",
		    registration[] = "RegistrationState", code[] = "OperatorCode",
		    connected[] = "Connected", reject[] = "ConnectionError";
	struct named modem = {0}, network = {0}, bearer = {0};
	int r;

	add_if(&modem, now->state != before->state, state);
	add_if(&modem, now->failed != before->failed, failed);
	add_if(&modem, now->technologies != before->technologies, technologies);
	add_if(&modem, now->quality != before->quality, quality);
	add_if(&network, now->registration != before->registration, registration);
	add_if(&network, strcmp(now->plmn, before->plmn) != 0, code);
	add_if(&bearer, now->connected != before->connected, connected);
	add_if(&bearer, strcmp(now->reject, before->reject) != 0, reject);
	r = tell_some(bus, MODEM_PATH, MODEM, &modem);
	if (r >= 0)
		r = tell_some(bus, MODEM_PATH, MODEM_3GPP, &network);
	if (r >= 0)
		r = tell_some(bus, BEARER_PATH, BEARER, &bearer);
	if (r >= 0 && now->rate &&
		(now->dbm != before->dbm || cell_type(now) != cell_type(before)))
		r = sd_bus_emit_properties_changed(
			bus, MODEM_PATH, SIGNAL, "Gsm", "Umts", "Lte", NULL);
	if (r >= 0 && now->state != before->state)
		r = sd_bus_emit_signal(bus, MODEM_PATH, MODEM, "StateChanged", "iiu",
			before->state, now->state, 0u);
	return r < 0 ? r : sd_bus_flush(bus);
}

/* The next line of the input, in effect: 0 at its end. */
static int
obey(sd_bus *bus, struct modem *m)
{
	struct modem before = *m;
	char line[LINE_BYTES];

	if (!fgets(line, sizeof(line), stdin))
		return 0;
	set(m, line);
	if (tell(bus, m, &before) < 0)
		errx(1, "the bus could not be told");
	puts("told");
	fflush(stdout);
	return 1;
}

static int
serve(sd_bus *bus, struct modem *m)
{
	for (;;) {
		struct pollfd waited[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = sd_bus_get_fd(bus)}};
		int r;

		do
			r = sd_bus_process(bus, NULL);
		while (r > 0);
		if (r < 0)
			return r;
		waited[1].events = (short)sd_bus_get_events(bus);
		if (poll(waited, 2, -1) < 0)
			return -errno;
		if (waited[0].revents && !obey(bus, m))
			return 0;
	}
}

int
main(void)
{
	struct modem modem = {.state = 11,
		.technologies = TECHNOLOGIES_4G,
		.quality = 70,
		.dbm = -95,
		.registration = 1,
		.plmn = "00101",
		.connected = 1,
		.cell = 4096,
		.neighbours = 4};
	sd_bus *bus = NULL;
	int r;

	/* poll() must know of every line that waits. */
	setvbuf(stdin, NULL, _IONBF, 0);
	r = sd_bus_open_system(&bus);
	if (r < 0)
		errx(1, "no bus: %s", strerror(-r));
	r = add_objects(bus, &modem);
	if (r < 0)
		errx(1, SERVICE " cannot be had: %s", strerror(-r));
	puts("ready");
	fflush(stdout);
	r = serve(bus, &modem);
	sd_bus_flush_close_unref(bus);
	if (r < 0)
		errx(1, "the bus is gone: %s", strerror(-r));
	return 0;
}
