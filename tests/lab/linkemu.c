/*
 * A link between two network namespaces that is as slow, late and lossy as it is told to
 * be, for IPv4 and IPv6: a TUN device in each, joined by this process.
 *
 *   linkemu [OPTION...] LEFT RIGHT     paths of network namespaces (/run/netns/NAME)
 *
 *   --up WHAT, --down WHAT    what happens from left to right, and from right to left:
 *                             delay=MS,jitter=MS,loss=PPM,rate=BIT/S,queue=MS, any of them;
 *                             burst=BYTES in queue's place makes of rate a meter, a token
 *                             bucket of that size that drops what finds no tokens and holds
 *                             nothing back
 *   --subscribers             each address on the left has a rate and a queue of its own,
 *                             as radio bearers do; else all share one
 *   --reorder                 jitter may let a packet overtake another
 *   --seed N                  the same packets meet the same jitter and loss
 *   --name IF                 what the device is called in both namespaces (emu0)
 *
 * Says "ready" once both devices are there; addresses, routes and "up" are the caller's.
 * Ends on SIGTERM or when one of the namespaces has gone, and says what became of the
 * packets. Memory is fixed: what finds no room is dropped as by a full queue.
 */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/lab/tun.h"

#define SLOT_BYTES 2048
#define PACKETS 4096 /* on the way in one direction, at most */
#define SUBSCRIBERS 256
#define BATCH 64 /* packets taken from one side before the other has its turn */
#define NS_OF_MS INT64_C(1000000)
#define BURST_BYTES_MOST 100000000

struct settings {
	int64_t delay_ns, jitter_ns, queue_ns;
	int64_t loss_ppm, rate_bps; /* 0 none */
	int64_t burst_bytes; /* of a meter; 0 a queue */
};

/* One transmitter: when it is free again (of a meter: when its bucket is full again), and
 * when the last packet arrives. */
struct subscriber {
	uint8_t address[16];
	bool used;
	int64_t free_ns, last_due_ns;
};

struct packet {
	int64_t due_ns;
	uint64_t order;
	uint16_t slot, len;
};

/* One direction. packets is a heap, the earliest first. */
struct way {
	const char *name;
	struct settings settings;
	int from, to;
	bool apart, reorder;
	bool towards_left; /* the subscriber is who it is sent to */
	uint64_t random, order;
	uint64_t passed, lost, overflowed;
	struct subscriber subscribers[SUBSCRIBERS];
	struct packet packets[PACKETS];
	size_t n;
	uint16_t spare[PACKETS]; /* slots that hold no packet: the first PACKETS - n */
	uint8_t slots[PACKETS][SLOT_BYTES];
};

struct options {
	struct settings up, down;
	bool apart, reorder;
	uint64_t seed;
	const char *name, *left, *right;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t
draw(struct way *way)
{
	uint64_t z = way->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool
earlier(const struct packet *a, const struct packet *b)
{
	return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order);
}

static void
heap_push(struct way *way, struct packet packet)
{
	size_t at = way->n++;

	for (size_t up; at > 0; at = up) {
		up = (at - 1) / 2;
		if (!earlier(&packet, &way->packets[up]))
			break;
		way->packets[at] = way->packets[up];
	}
	way->packets[at] = packet;
}

static struct packet
heap_pop(struct way *way)
{
	struct packet first = way->packets[0], last = way->packets[--way->n];
	size_t at = 0;

	for (size_t down = 1; down < way->n; at = down, down = 2 * at + 1) {
		if (down + 1 < way->n &&
			earlier(&way->packets[down + 1], &way->packets[down]))
			down++;
		if (!earlier(&way->packets[down], &last))
			break;
		way->packets[at] = way->packets[down];
	}
	way->packets[at] = last;
	return first;
}

/* The transmitter of a packet's inner address; NULL when it is no IP packet, or one to a
 * group: the kernel sends those when it likes, and each would shift the draws of all that
 * follow. */
static struct subscriber *
subscriber_of(struct way *way, const uint8_t *packet, size_t len)
{
	uint8_t address[16] = {0};
	uint32_t hash = 2166136261; /* FNV-1a */

	if (len >= 20 && packet[0] >> 4 == 4)
		memcpy(address, packet + (way->towards_left ? 16 : 12), 4);
	else if (len >= 40 && packet[0] >> 4 == 6 && packet[24] != 0xff)
		memcpy(address, packet + (way->towards_left ? 24 : 8), 16);
	else
		return NULL;
	if (!way->apart)
		return &way->subscribers[0];
	for (size_t i = 0; i < sizeof(address); i++)
		hash = (hash ^ address[i]) * 16777619;
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		struct subscriber *s = &way->subscribers[(hash + i) % SUBSCRIBERS];

		if (!s->used) {
			s->used = true;
			memcpy(s->address, address, sizeof(address));
		}
		if (memcmp(s->address, address, sizeof(address)) == 0)
			return s;
	}
	return &way->subscribers[hash % SUBSCRIBERS]; /* all taken: it shares one */
}

/* A bucket that is full again at free_ns lacks what flows in until then: the virtual time of
 * ITU-T I.371, which needs no clock that ticks. */
static bool
has_tokens(const struct settings *set, const struct subscriber *s, int64_t now,
	int64_t cost_ns)
{
	int64_t burst_ns = set->burst_bytes * 8 * 1000000000 / set->rate_bps;

	return s->free_ns - now + cost_ns <= burst_ns;
}

/* When a packet that came now arrives at the other end; -1 when the queue is full or the
 * meter says no. */
static int64_t
due(const struct way *way, struct subscriber *s, size_t len, int64_t jitter_ns)
{
	const struct settings *set = &way->settings;
	int64_t now = tun_now_ns(), sent_ns = now, cost_ns, due_ns;
	bool metered = set->burst_bytes > 0;

	if (set->rate_bps > 0) {
		cost_ns = (int64_t)len * 8 * 1000000000 / set->rate_bps;
		if (s->free_ns < now)
			s->free_ns = now;
		if (metered ? !has_tokens(set, s, now, cost_ns)
			    : s->free_ns - now > set->queue_ns)
			return -1;
		s->free_ns += cost_ns;
		sent_ns = metered ? now : s->free_ns;
	}
	due_ns = sent_ns + set->delay_ns + jitter_ns;
	if (due_ns < sent_ns)
		due_ns = sent_ns;
	if (!way->reorder && due_ns < s->last_due_ns)
		due_ns = s->last_due_ns;
	s->last_due_ns = due_ns;
	return due_ns;
}

static void
accept_packet(struct way *way, uint16_t slot, size_t len)
{
	const struct settings *set = &way->settings;
	struct subscriber *s = subscriber_of(way, way->slots[slot], len);
	int64_t jitter_ns, due_ns;
	bool lost;

	if (s == NULL)
		return;
	/* Always both draws, so that one setting does not change what another does. */
	lost = (int64_t)(draw(way) % 1000000) < set->loss_ppm;
	jitter_ns = (int64_t)(draw(way) % (uint64_t)(2 * set->jitter_ns + 1));
	if (lost) {
		way->lost++;
		return;
	}
	due_ns = due(way, s, len, jitter_ns - set->jitter_ns);
	if (due_ns < 0) {
		way->overflowed++;
		return;
	}
	heap_push(way, (struct packet){due_ns, way->order++, slot, (uint16_t)len});
}

static bool
take_packets(struct way *way)
{
	uint8_t overflow[SLOT_BYTES];

	for (int i = 0; i < BATCH; i++) {
		bool room = way->n < PACKETS;
		uint16_t slot = room ? way->spare[PACKETS - 1 - way->n] : 0;
		ssize_t len =
			read(way->from, room ? way->slots[slot] : overflow, SLOT_BYTES);

		if (len <= 0)
			return !tun_is_gone(len);
		if (room)
			accept_packet(way, slot, (size_t)len);
		else
			way->overflowed++;
	}
	return true;
}

static bool
deliver_packets(struct way *way)
{
	int64_t now = tun_now_ns();

	while (way->n > 0 && way->packets[0].due_ns <= now) {
		struct packet packet = heap_pop(way);
		ssize_t done = write(way->to, way->slots[packet.slot], packet.len);

		way->spare[PACKETS - 1 - way->n] = packet.slot;
		if (tun_is_gone(done))
			return false;
		if (done < 0)
			way->lost++;
		else
			way->passed++;
	}
	return true;
}

/* Until it is told to stop (true) or a namespace is gone (false). */
static bool
run(struct way *const ways[2], int told)
{
	for (;;) {
		struct pollfd fds[3] = {{.fd = told, .events = POLLIN},
			{.fd = ways[0]->from, .events = POLLIN},
			{.fd = ways[1]->from, .events = POLLIN}};
		struct timespec wait = {0}, *limit = NULL;
		int64_t next_ns = INT64_MAX, left_ns;

		for (int i = 0; i < 2; i++)
			if (ways[i]->n > 0 && ways[i]->packets[0].due_ns < next_ns)
				next_ns = ways[i]->packets[0].due_ns;
		if (next_ns < INT64_MAX) {
			left_ns = next_ns - tun_now_ns();
			if (left_ns < 0)
				left_ns = 0;
			wait = (struct timespec){
				left_ns / 1000000000, left_ns % 1000000000};
			limit = &wait;
		}
		if (ppoll(fds, 3, limit, NULL) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents)
			return true;
		for (int i = 0; i < 2; i++)
			if ((fds[1 + i].revents & (POLLERR | POLLHUP)) ||
				(fds[1 + i].revents && !take_packets(ways[i])) ||
				!deliver_packets(ways[i]))
				return false;
	}
}

static struct way *
open_way(const char *name, const struct settings *settings,
	const struct options *options)
{
	struct way *way = calloc(1, sizeof(*way));

	if (way == NULL)
		argp_failure(NULL, 1, errno, "memory");
	way->name = name;
	way->settings = *settings;
	way->apart = options->apart;
	way->reorder = options->reorder;
	way->towards_left = settings == &options->down;
	way->random = options->seed * 2 + way->towards_left;
	for (uint16_t i = 0; i < PACKETS; i++)
		way->spare[i] = i;
	return way;
}

static void
parse_settings(struct settings *settings, char *text, struct argp_state *state)
{
	char delay[] = "delay", jitter[] = "jitter", loss[] = "loss", rate[] = "rate",
	     queue[] = "queue", burst[] = "burst", *value;
	char *const names[] = {delay, jitter, loss, rate, queue, burst, NULL};

	while (*text) {
		switch (getsubopt(&text, names, &value)) {
		case 0:
			settings->delay_ns =
				tun_number(value, 0, 60000, state) * NS_OF_MS;
			break;
		case 1:
			settings->jitter_ns =
				tun_number(value, 0, 60000, state) * NS_OF_MS;
			break;
		case 2:
			settings->loss_ppm = tun_number(value, 0, 1000000, state);
			break;
		case 3:
			settings->rate_bps = tun_number(value, 0, 10000000000, state);
			break;
		case 4:
			settings->queue_ns =
				tun_number(value, 0, 60000, state) * NS_OF_MS;
			break;
		case 5:
			settings->burst_bytes =
				tun_number(value, 0, BURST_BYTES_MOST, state);
			break;
		default:
			argp_error(state,
				"'%s': delay, jitter, loss, rate, queue or burst",
				value);
		}
	}
	if (settings->burst_bytes && (settings->queue_ns || !settings->rate_bps))
		argp_error(state, "burst stands beside rate and in place of queue");
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'u':
		parse_settings(&options->up, text, state);
		break;
	case 'd':
		parse_settings(&options->down, text, state);
		break;
	case 's':
		options->apart = true;
		break;
	case 'r':
		options->reorder = true;
		break;
	case 'n':
		options->name = text;
		break;
	case 'e':
		options->seed = (uint64_t)tun_number(text, 0, INT64_MAX, state);
		break;
	case ARGP_KEY_ARG:
		if (options->right != NULL)
			argp_usage(state);
		*(options->left == NULL ? &options->left : &options->right) = text;
		break;
	case ARGP_KEY_END:
		if (options->right == NULL)
			argp_usage(state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static struct options
parse_options(int argc, char **argv)
{
	static const struct argp_option rows[] = {
		{"up", 'u', "WHAT", 0, "from left to right", 0},
		{"down", 'd', "WHAT", 0, "from right to left", 0},
		{"subscribers", 's', NULL, 0, "a rate for each address on the left", 0},
		{"reorder", 'r', NULL, 0, "jitter may let a packet overtake another",
			0},
		{"seed", 'e', "N", 0, "of jitter and loss", 0},
		{"name", 'n', "IF", 0, "of the device in both namespaces", 0}, {0}};
	static const struct argp argp = {rows, parse, "LEFT RIGHT",
		"Joins two network namespaces by a link with delay, jitter, loss and "
		"rate.\v"
		"WHAT is delay=MS,jitter=MS,loss=PPM,rate=BIT/S,queue=MS, any of them; "
		"burst=BYTES in queue's place makes of rate a meter that drops.",
		NULL, NULL, NULL};
	struct options options = {.name = "emu0", .seed = 1};

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return options;
}

int
main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	struct way *ways[2] = {open_way("up", &options.up, &options),
		open_way("down", &options.down, &options)};
	int told = tun_stop();
	bool stopped;

	prctl(PR_SET_TIMERSLACK, 1);
	ways[0]->from = ways[1]->to = tun_open(options.name, options.left);
	ways[1]->from = ways[0]->to = tun_open(options.name, options.right);
	printf("ready\n");
	fflush(stdout);
	stopped = run(ways, told);
	for (int i = 0; i < 2; i++)
		printf("%s: %llu passed, %llu lost, %llu over the %s\n", ways[i]->name,
			(unsigned long long)ways[i]->passed,
			(unsigned long long)ways[i]->lost,
			(unsigned long long)ways[i]->overflowed,
			ways[i]->settings.burst_bytes ? "meter" : "queue");
	printf("%s\n", stopped ? "told to stop" : "a namespace is gone");
	free(ways[0]);
	free(ways[1]);
	return 0;
}
