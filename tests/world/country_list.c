#include "tests/world/country_list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define NEIGHBOURHOODS 6 /* abroad; fewer than hosts there, so that some share one */
#define HOST_BYTES 64
#define ADDRESS_BYTES 46
#define WORD_BYTES 16
#define WORDS_MAX 64

struct neighbourhood {
	uint32_t asn;
	char prefix[20];
};
/* A host: what several rows may speak of. */
struct host {
	char name[HOST_BYTES], address[ADDRESS_BYTES], address6[ADDRESS_BYTES];
	uint32_t asn;
	bool abroad;
	uint8_t network, neighbourhood;
	int8_t service;
};
struct list {
	struct country *country;
	struct chance *chance;
	struct targets *targets; /* reads rows as the programs do */
	struct neighbourhood neighbourhoods[NEIGHBOURHOODS];
	char words[WORDS_MAX]
		  [WORD_BYTES]; /* of the names so far: no two hosts share one */
	size_t words_n;
};

static void
draw_syllables(char *out, struct chance *chance, unsigned int n)
{
	static const char first[] = "bdfgklmnprstvz", second[] = "aeiou";

	for (unsigned int i = 0; i < n; i++) {
		*out++ = first[chance_one_of(chance, sizeof(first) - 1)];
		*out++ = second[chance_one_of(chance, sizeof(second) - 1)];
	}
	*out = '\0';
}

static bool
is_taken(const struct list *l, const char *word)
{
	for (size_t i = 0; i < l->words_n; i++)
		if (strcmp(l->words[i], word) == 0)
			return true;
	return false;
}

/* A word that no other name of the list has. */
static const char *
draw_word(struct list *l)
{
	char word[WORD_BYTES];

	if (l->words_n == WORDS_MAX)
		bug("more names than a list holds");
	do
		draw_syllables(word, l->chance, 2 + chance_one_of(l->chance, 2));
	while (is_taken(l, word));
	return memcpy(l->words[l->words_n++], word, sizeof(word));
}

static void
draw_address(struct host *host, struct chance *chance, const char *prefix, uint32_t asn)
{
	unsigned int subnet = 100 + chance_one_of(chance, 150);
	unsigned int last = 10 + chance_one_of(chance, 240);

	snprintf(
		host->address, sizeof(host->address), "%s.%u.%u", prefix, subnet, last);
	/* One of the registries' blocks of 2a00::/12; the middle is its network's. */
	snprintf(host->address6, sizeof(host->address6), "2a0%x:%x:%x::%x",
		asn % 14 + 1, asn % 0xeffe + 0x1000, subnet, last);
}

static struct host
draw_home(struct list *l, enum world_network network)
{
	const struct country_network *n = &l->country->networks[network];
	struct host host = {.asn = n->asn, .network = (uint8_t)network, .service = -1};

	snprintf(host.name, sizeof(host.name), "www.%s.%c%c", draw_word(l),
		tolower(l->country->code[0]), tolower(l->country->code[1]));
	draw_address(&host, l->chance, n->prefix, n->asn);
	return host;
}

static struct host
draw_abroad(struct list *l, unsigned int neighbourhood)
{
	const struct neighbourhood *n = &l->neighbourhoods[neighbourhood];
	struct host host = {.asn = n->asn,
		.abroad = true,
		.network = WORLD_ABROAD,
		.neighbourhood = (uint8_t)neighbourhood,
		.service = -1};

	/* A name that nobody owns (RFC 6761): what is drawn may be somebody's brand. */
	snprintf(host.name, sizeof(host.name), "www.%s.example", draw_word(l));
	draw_address(&host, l->chance, n->prefix, n->asn);
	return host;
}

static void
add_row(struct list *l, const char *role, const struct host *host, const char *name,
	const char *address, const char *port)
{
	struct country *c = l->country;
	struct country_target *t = &c->targets[c->targets_n];
	const char *why;

	if (c->targets_n == sizeof(c->targets) / sizeof(c->targets[0]))
		bug("more targets than a country holds");
	snprintf(t->line, sizeof(t->line), "%s,%s,%s,%s,-,everyone,no", role, name,
		address, port);
	why = targets_add(l->targets, (struct span){t->line, strlen(t->line)});
	if (why)
		bug("%s: %s", t->line, why);
	t->row = l->targets->rows[l->targets->n - 1];
	t->abroad = host->abroad;
	t->network = host->network;
	t->neighbourhood = host->neighbourhood;
	t->service = host->service;
	c->targets_n++;
}

static void
add_host(struct list *l, const char *role, const struct host *host, const char *port)
{
	add_row(l, role, host, host->name, host->address, port);
}

static void
add_at_home(struct list *l, struct host asked[static 2])
{
	static const enum world_network where[] = {
		WORLD_F1, WORLD_M1, WORLD_F2, WORLD_M2, WORLD_F3, WORLD_M3};
	static const char *const ports[] = {"443", "80", "80", "443", "-", "-"};
	struct host host;

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		host = draw_home(l, where[i]);
		add_host(l, "domestic", &host, ports[i]);
		if (i < 2)
			asked[i] = host;
		if (i == 2)
			add_row(l, "domestic", &host, host.name, host.address6, "80");
	}
	host = draw_home(l, WORLD_F2);
	add_host(l, "essential", &host, "443");
	host = draw_home(l, WORLD_F1);
	add_host(l, "essential", &host, "80");
}

/* Hosts of no weight, two of one neighbourhood among them, and two outside resolvers, which
 * are asked for names that the configured one is asked for, too. */
static void
add_abroad(struct list *l, const struct host asked[static 2])
{
	static const char *const ports[] = {"443", "80", "-", "80", "443", "-"};
	struct host host;

	for (unsigned int i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		host = draw_abroad(l, i ? i - 1 : 0);
		add_host(l, "international", &host, ports[i]);
		if (i == 1 || i == 3)
			add_row(l, "international", &host, host.name, host.address6,
				"80");
	}
	for (unsigned int i = 0; i < 2; i++) {
		host = draw_abroad(l, 2 + 3 * i);
		add_row(l, "international", &host, asked[i].name, host.address, "53");
		add_row(l, "names", &asked[i], asked[i].name, "resolver", "53");
		host = draw_abroad(l, 3 + i);
		add_host(l, "control", &host, "443");
	}
}

static void
add_core(struct list *l)
{
	struct host clock = draw_abroad(l, 1);
	struct host core = {.abroad = true,
		.network = WORLD_ABROAD,
		.neighbourhood = 4,
		.service = -1};
	char top[3] = {(char)tolower(l->country->code[0]),
		(char)tolower(l->country->code[1]), '\0'};

	add_row(l, "core", &core, ".", "root", "53");
	add_row(l, "core", &core, top, "tld", "53");
	add_row(l, "core", &clock, "-", clock.address, "123");
}

/* Under TLS, in the clear, and by name. */
static void
add_services(struct list *l)
{
	static const char *const names[WORLD_SERVICES] = {"twitter", "instagram",
		"whatsapp", "telegram", "facebook", "youtube", "tiktok", "news"};

	for (int i = 0; i < WORLD_SERVICES; i++) {
		struct host host =
			draw_abroad(l, chance_one_of(l->chance, NEIGHBOURHOODS));

		host.service = (int8_t)i;
		strcpy(l->country->services[i], names[i]);
		add_host(l, "international", &host, "443");
		add_host(l, "international", &host, "80");
		add_row(l, "names", &host, host.name, "resolver", "53");
	}
}

static int
by_id(const void *left, const void *right)
{
	const struct country_target *a = left, *b = right;

	return strcmp(a->row.id, b->row.id);
}

void
country_list_draw(struct country *country, struct chance *chance)
{
	struct list l = {.country = country,
		.chance = chance,
		.targets = calloc(1, sizeof(*l.targets))};
	struct host asked[2];

	if (!l.targets)
		bug("no memory for a target list");
	country->targets_n = 0;
	for (unsigned int i = 0; i < NEIGHBOURHOODS; i++) {
		struct neighbourhood *n = &l.neighbourhoods[i];

		n->asn = country_new_asn(country, chance);
		country_new_prefix(n->prefix, country, chance);
	}
	add_at_home(&l, asked);
	add_abroad(&l, asked);
	add_core(&l);
	add_services(&l);
	/* Sorted by what is drawn: the order of a list says nothing either. */
	qsort(country->targets, country->targets_n, sizeof(*country->targets), by_id);
	free(l.targets);
}
