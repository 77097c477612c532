#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

/*
 * A reply to GetManagedObjects from a text, as tests/trees/modemmanager has them: a line is
 * "PATH INTERFACE PROPERTY TYPE VALUES", those of one path and of one interface stand together,
 * "#" begins a comment, "" is the empty word. Types: i u b s o d, (ub), (ss), and ao, as, a(su)
 * and a{sv} with their length before their values; those of a{sv} are KEY TYPE VALUE.
 */
#define OBJECTS_WORDS 64

struct objects_line {
	char *words[OBJECTS_WORDS];
	size_t n, at;
};

static inline const char *
objects_word(struct objects_line *line)
{
	const char *word = line->at < line->n ? line->words[line->at++] : "";

	return !strcmp(word, "\"\"") ? "" : word;
}

static inline int
objects_basic(sd_bus_message *m, char type, const char *word)
{
	uint32_t number = (uint32_t)strtoll(word, NULL, 10);
	int yes = !strcmp(word, "true") || number == 1;
	double real = strtod(word, NULL);

	if (type == 's' || type == 'o')
		return sd_bus_message_append_basic(m, type, word);
	if (type == 'b')
		return sd_bus_message_append_basic(m, type, &yes);
	if (type == 'd')
		return sd_bus_message_append_basic(m, type, &real);
	return sd_bus_message_append_basic(m, type, &number);
}

static inline int
objects_pair(sd_bus_message *m, struct objects_line *line)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");
	char type[2] = "";

	if (r >= 0)
		r = objects_basic(m, 's', objects_word(line));
	type[0] = objects_word(line)[0];
	if (r >= 0)
		r = type[0] && strchr("iubsod", type[0])
			    ? sd_bus_message_open_container(m, 'v', type)
			    : -EINVAL;
	if (r >= 0)
		r = objects_basic(m, type[0], objects_word(line));
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static inline int
objects_struct(sd_bus_message *m, struct objects_line *line, const char *types)
{
	int r = sd_bus_message_open_container(m, 'r', types);

	for (; r >= 0 && *types; types++)
		r = objects_basic(m, *types, objects_word(line));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static inline int
objects_array(sd_bus_message *m, struct objects_line *line, const char *of)
{
	long n = strtol(objects_word(line), NULL, 10);
	int r = sd_bus_message_open_container(m, 'a', of);

	for (; r >= 0 && n > 0 && n <= OBJECTS_WORDS; n--)
		if (!strcmp(of, "{sv}"))
			r = objects_pair(m, line);
		else if (!strcmp(of, "(su)"))
			r = objects_struct(m, line, "su");
		else
			r = objects_basic(m, of[0], objects_word(line));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static inline int
objects_value(sd_bus_message *m, struct objects_line *line)
{
	static const char *const types[] = {"i", "u", "b", "s", "o", "d", "(ub)",
		"(ss)", "ao", "as", "a(su)", "a{sv}"};
	const char *type = objects_word(line), *known = NULL;
	int r;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i], type))
			known = types[i];
	r = known ? sd_bus_message_open_container(m, 'v', known) : -EINVAL;
	if (r < 0)
		return r;
	if (known[0] == 'a')
		r = objects_array(m, line, known + 1);
	else if (known[0] == '(')
		r = objects_struct(m, line, known[1] == 'u' ? "ub" : "ss");
	else
		r = objects_basic(m, known[0], objects_word(line));
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Closes what stands open down to that depth: 0 nothing, 1 the array of objects, 2 one of
 * them, 3 one of its interfaces. */
static inline int
objects_close(sd_bus_message *m, int *depth, int to)
{
	int r = 0;

	for (; r >= 0 && *depth > to; (*depth)--) {
		r = sd_bus_message_close_container(m);
		if (r >= 0 && *depth > 1)
			r = sd_bus_message_close_container(m);
	}
	return r;
}

static inline int
objects_line(sd_bus_message *m, int *depth, struct objects_line *line,
	const char **path, const char **interface)
{
	const char *p = objects_word(line), *i = objects_word(line);
	int r = 0;

	if (!*path || strcmp(*path, p) != 0) {
		r = objects_close(m, depth, 1);
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
		if (r >= 0)
			r = sd_bus_message_append_basic(m, 'o', p);
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
		*depth = 2;
		*interface = NULL;
	}
	if (r >= 0 && (!*interface || strcmp(*interface, i) != 0)) {
		r = objects_close(m, depth, 2);
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'e', "sa{sv}");
		if (r >= 0)
			r = sd_bus_message_append_basic(m, 's', i);
		if (r >= 0)
			r = sd_bus_message_open_container(m, 'a', "{sv}");
		*depth = 3;
	}
	*path = p;
	*interface = i;
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', objects_word(line));
	if (r >= 0)
		r = objects_value(m, line);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static inline int
objects_fill(sd_bus_message *m, char *text)
{
	const char *path = NULL, *interface = NULL;
	char *rest = NULL, *words;
	int depth = 1, r = sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");

	for (char *row = strtok_r(text, "\n", &rest); r >= 0 && row;
		row = strtok_r(NULL, "\n", &rest)) {
		struct objects_line line = {.n = 0};

		if (row[0] == '#')
			continue;
		for (char *word = strtok_r(row, " ", &words);
			word && line.n < OBJECTS_WORDS;
			word = strtok_r(NULL, " ", &words))
			line.words[line.n++] = word;
		r = objects_line(m, &depth, &line, &path, &interface);
	}
	return r < 0 ? r : objects_close(m, &depth, 0);
}

/* Nobody listens at the other end: messages are made and read here alone. */
struct objects_bus {
	sd_bus *bus;
	int other;
};

static inline int
objects_bus_open(struct objects_bus *bus)
{
	int pair[2], r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);

	if (r < 0)
		return -errno;
	bus->other = pair[1];
	r = sd_bus_new(&bus->bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus->bus, pair[0], pair[0]);
	return r < 0 ? r : sd_bus_start(bus->bus);
}

static inline void
objects_bus_close(struct objects_bus *bus)
{
	sd_bus_close_unref(bus->bus);
	close(bus->other);
}

/* The text, which is torn into words, as a message that stands at its beginning; NULL: it is
 * none that a bus would carry. */
static inline sd_bus_message *
objects_message(const struct objects_bus *bus, char *text)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_signal(bus->bus, &m, "/x", "x.x", "X");

	if (r >= 0)
		r = objects_fill(m, text);
	if (r >= 0)
		r = sd_bus_message_seal(m, 1, 0);
	if (r >= 0)
		r = sd_bus_message_rewind(m, 1);
	return r < 0 ? sd_bus_message_unref(m) : m;
}
