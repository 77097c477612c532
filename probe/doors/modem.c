#include "probe/doors/modem.h"

#include <string.h>

#include "common/crypto.h"

#if WITH_MODEM
#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "probe/doors/modem_bus.h"
#include "probe/doors/modem_objects.h"

#define SERVICE "org.freedesktop.ModemManager1"
#define ROOT "/org/freedesktop/ModemManager1"
#define SIGNAL_S 60 /* how often the service is to ask for the signal itself */

/* A connection to the bus, and how long we wait for any one answer. */
struct line {
	struct modem_bus by;
	sd_bus *bus;
	int64_t timeout_us;
};

/* The bus daemon that does not answer must not hold us: sd_bus_call() would wait for it. */
static int
wait_ready(const struct line *line)
{
	int64_t until_us = clock_boot_us() + line->timeout_us;
	int r;

	while ((r = line->by.sd_bus_is_ready(line->bus)) == 0) {
		int64_t left_us = until_us - clock_boot_us();

		r = line->by.sd_bus_process(line->bus, NULL);
		if (r == 0 && left_us <= 0)
			r = -ETIMEDOUT;
		if (r == 0)
			r = line->by.sd_bus_wait(line->bus, (uint64_t)left_us);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return r;
}

/* What to call, with one number unless it is 0. */
struct call {
	const char *path, *interface, *method;
	uint32_t number;
};

/* The reply, or NULL, is the caller's to let go. */
static int
make_call(struct modem_message *reply, const struct line *line, const struct call *call)
{
	const struct modem_bus *by = &line->by;
	sd_bus_message *m = NULL;
	int r = by->sd_bus_message_new_method_call(
		line->bus, &m, SERVICE, call->path, call->interface, call->method);

	*reply = (struct modem_message){by, NULL};
	if (r >= 0)
		r = by->sd_bus_message_set_auto_start(m, 0);
	if (r >= 0 && call->number > 0)
		r = by->sd_bus_message_append(m, "u", call->number);
	if (r >= 0)
		r = by->sd_bus_call(
			line->bus, m, (uint64_t)line->timeout_us, NULL, &reply->at);
	by->sd_bus_message_unref(m);
	return r;
}

/* What Modem.Signal holds is empty until somebody asks the service to look for it now and
 * then; it costs no byte on the air. Where that takes a right that we have not (polkit's
 * Device.Control: root, and whoever sits at the machine, have it) it stays as it is. */
static void
ask_for_signal(const struct line *line, const struct modem *modem)
{
	const struct call call = {
		modem->path, SERVICE ".Modem.Signal", "Setup", SIGNAL_S};
	struct modem_message reply;

	make_call(&reply, line, &call);
	line->by.sd_bus_message_unref(reply.at);
}

/* The names of one cell, in a fixed order; one that is not told is empty. */
struct cell {
	char ci[17], area[17], network[8];
	int serving;
};

static void
keep_name(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
}

static int
read_name(struct cell *cell, const struct modem_message *m, const char *key)
{
	const char *text = "";
	int r = MESSAGE_READ(m, "v", "s", &text);

	if (!strcmp(key, "ci"))
		keep_name(cell->ci, sizeof(cell->ci), text);
	else if (!strcmp(key, "lac") || !strcmp(key, "tac"))
		keep_name(cell->area, sizeof(cell->area), text);
	else if (!strcmp(key, "operator-id"))
		keep_name(cell->network, sizeof(cell->network), text);
	return r;
}

/* One cell of GetCellInfo's reply: a{sv}; 0 at its end. */
static int
read_cell(struct cell *cell, const struct modem_message *m)
{
	int r = MESSAGE_ENTER(m, 'a', "{sv}");

	if (r <= 0)
		return r;
	while ((r = MESSAGE_ENTER(m, 'e', "sv")) > 0) {
		const char *key = "", *type = NULL;

		r = MESSAGE_READ(m, "s", &key);
		if (r >= 0)
			r = MESSAGE_PEEK(m, NULL, &type);
		if (r >= 0 && type && !strcmp(type, "s"))
			r = read_name(cell, m, key);
		else if (r >= 0 && type && !strcmp(type, "b") &&
			 !strcmp(key, "serving"))
			r = MESSAGE_READ(m, "v", "b", &cell->serving);
		else if (r >= 0)
			r = MESSAGE_SKIP(m, "v");
		if (r >= 0)
			r = MESSAGE_EXIT(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : MESSAGE_EXIT(m) < 0 ? -EBADMSG : 1;
}

/* Which cell serves us: only its hash goes on. The service tells it to root alone unless its
 * policy says otherwise; GetLocation, which would say more, is never called. */
static void
ask_for_cell(struct modem *modem, const struct line *line)
{
	const struct call call = {modem->path, SERVICE ".Modem", "GetCellInfo", 0};
	struct modem_message reply;
	struct cell cell = {0};
	int r = make_call(&reply, line, &call);

	if (r >= 0)
		r = MESSAGE_ENTER(&reply, 'a', "a{sv}");
	while (r >= 0 && !cell.serving && (r = read_cell(&cell, &reply)) > 0)
		if (!cell.serving)
			memset(&cell, 0, sizeof(cell));
	if (cell.serving && cell.ci[0]) {
		crypto_sha256(modem->cell, &cell, sizeof(cell));
		modem->has_cell = true;
	}
	crypto_wipe(&cell, sizeof(cell));
	line->by.sd_bus_message_unref(reply.at);
}

static int
read_modem(
	struct modem *modem, bool *found, const struct line *line, const char *uplink)
{
	const struct call call = {
		ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", 0};
	struct modem_objects objects = {.uplink = uplink};
	struct modem_message reply;
	int r = make_call(&reply, line, &call);

	if (r >= 0 && !modem_objects_read(&objects, &reply))
		r = -EBADMSG;
	line->by.sd_bus_message_unref(reply.at);
	*found = r >= 0 && modem_choose(modem, &objects);
	return r;
}

/* Neither that there is no bus nor that no such service runs is an error. */
static bool
is_ordinary(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -ECONNREFUSED || r == -EHOSTUNREACH;
}

bool
modem_read(struct modem *modem, enum reason *reason, int *error, const char *uplink,
	int64_t timeout_us)
{
	struct line line = {.timeout_us = timeout_us};
	bool found = false;
	int r = modem_bus_load(&line.by) ? line.by.sd_bus_open_system(&line.bus)
					 : -ENOENT;

	if (r >= 0)
		r = wait_ready(&line);
	if (r >= 0)
		r = read_modem(modem, &found, &line, uplink);
	if (found && modem->ready) {
		if (modem->signal_dbm > 0 && modem->signal_idle)
			ask_for_signal(&line, modem);
		ask_for_cell(modem, &line);
	}
	if (line.bus)
		line.by.sd_bus_close_unref(line.bus);
	*error = r < 0 && !is_ordinary(r) ? -r : 0;
	*reason = r == -EACCES || r == -EPERM ? REASON_no_permission : REASON_no_modem;
	return found;
}
#else
bool
modem_read(struct modem *modem, enum reason *reason, int *error, const char *uplink,
	int64_t timeout_us)
{
	(void)modem, (void)uplink, (void)timeout_us;
	*error = 0;
	*reason = REASON_no_modem;
	return false;
}
#endif

int
modem_same_cell(uint8_t memory[static MODEM_MEMORY_BYTES], const struct modem *modem)
{
	static const uint8_t nothing[MODEM_MEMORY_BYTES];
	uint8_t *key = memory, *mark = memory + 32, now[HASH_BYTES];
	bool known = memcmp(mark, nothing, HASH_BYTES) != 0;
	int same;

	if (!modem->has_cell) {
		memset(mark, 0, HASH_BYTES);
		return -1;
	}
	if (!memcmp(key, nothing, 32))
		crypto_random(key, 32);
	crypto_hmac(now, key, modem->cell, sizeof(modem->cell));
	same = known ? !memcmp(now, mark, HASH_BYTES) : -1;
	memcpy(mark, now, HASH_BYTES);
	return same;
}
