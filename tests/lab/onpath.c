/*
 * A box on the way between two networks that forges, drops and meters: a TUN device in each
 * of two network namespaces, joined by this process, for IPv4 and IPv6. Every packet passes as
 * it came but those that a rule names; QUIC and all other UDP but DNS is never looked into.
 *
 *   onpath [OPTION...] LEFT RIGHT      paths of network namespaces (/run/netns/NAME)
 *
 *   --hello-drop-unless NAME[,NAME]    a connection to port 443 is dropped from its ClientHello
 *                                      on, unless it is for one of the names
 *   --sni-police PART=RATE,BURST       a connection with a ClientHello, of whichever end, for a
 *                                      name that contains the part gets a meter for each
 *                                      direction, of its own: bit/s, and bytes of its bucket
 *   --freeze BYTES                     after so many bytes towards the client nothing passes any
 *                                      more, of connections
 *       --foreign PREFIX[,PREFIX]      to here, or
 *       --not-home PREFIX[,PREFIX]     from here to anywhere else
 *   --dns-race NAME=ADDR4/ADDR6        a question for the name, to whomever, is answered at once
 *   --dns-delay MS                     and goes on so much later
 *   --http-redirect NAME=URL           a request for the name to port 80 is answered with a
 *                                      redirect, and goes no further
 *   --rst NAME                         both ends are reset after a ClientHello for the name
 *   --name IF                          what the device is called in both namespaces (onp0)
 *
 * All but --freeze, --dns-delay and --name may be given again. onpath_rules.h says exactly what
 * each rule does, onpath_packet.h and onpath_flow.h what this box does not see. Loss, delay and
 * rates for all are linkemu's matter.
 *
 * Says "ready" once both devices are there; addresses, routes and "up" are the caller's.
 * Ends on SIGTERM or when one of the namespaces has gone, and says what each rule did.
 */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/lab/onpath_options.h"
#include "tests/lab/tun.h"

#define PACKET_BYTES 2048
#define BATCH 64 /* packets taken from one side before the other has its turn */
#define HELD 256 /* packets that pass later; what finds no room passes at once */

/* Each waits for the same time, so that the first that came is the first that goes. */
struct held {
	struct {
		int64_t due_ns;
		int to;
		size_t n;
		uint8_t bytes[PACKET_BYTES];
	} packets[HELD];
	size_t first, n;
};

struct box {
	struct onpath *onpath;
	int devices[2]; /* left, right */
	uint64_t passed;
	struct held held;
};

static bool
hold(struct held *held, int to, const uint8_t *bytes, size_t n, int64_t due_ns)
{
	size_t at = (held->first + held->n) % HELD;

	if (held->n == HELD)
		return false;
	held->packets[at].due_ns = due_ns;
	held->packets[at].to = to;
	held->packets[at].n = n;
	memcpy(held->packets[at].bytes, bytes, n);
	held->n++;
	return true;
}

/* False: the namespace is gone. */
static bool
release(struct box *box)
{
	struct held *held = &box->held;

	while (held->n > 0 && held->packets[held->first].due_ns <= tun_now_ns()) {
		if (tun_is_gone(write(held->packets[held->first].to,
			    held->packets[held->first].bytes,
			    held->packets[held->first].n)))
			return false;
		held->first = (held->first + 1) % HELD;
		held->n--;
		box->passed++;
	}
	return true;
}

/* Forged packets first, then the one that came. False: a namespace is gone. */
static bool
handle(struct box *box, int from, const uint8_t *bytes, size_t n)
{
	struct onpath_verdict verdict;
	int to = box->devices[!from];
	int64_t now_ns = tun_now_ns();

	onpath_rules_judge(&verdict, box->onpath, bytes, n, from == 1, now_ns);
	for (size_t i = 0; i < verdict.forged_n; i++)
		if (tun_is_gone(write(verdict.forged[i].back ? box->devices[from] : to,
			    verdict.forged[i].bytes, verdict.forged[i].n)))
			return false;
	if (!verdict.pass || (verdict.hold_ns > 0 && hold(&box->held, to, bytes, n,
							     now_ns + verdict.hold_ns)))
		return true;
	box->passed++;
	return !tun_is_gone(write(to, bytes, n));
}

static bool
take_packets(struct box *box, int from)
{
	uint8_t bytes[PACKET_BYTES];

	for (int i = 0; i < BATCH; i++) {
		ssize_t n = read(box->devices[from], bytes, sizeof(bytes));

		if (n <= 0)
			return !tun_is_gone(n);
		if (!handle(box, from, bytes, (size_t)n))
			return false;
	}
	return true;
}

/* Until it is told to stop (true) or a namespace is gone (false). */
static bool
run(struct box *box, int told)
{
	for (;;) {
		struct pollfd fds[3] = {{.fd = told, .events = POLLIN},
			{.fd = box->devices[0], .events = POLLIN},
			{.fd = box->devices[1], .events = POLLIN}};
		struct timespec wait = {0}, *limit = NULL;

		if (box->held.n > 0) {
			int64_t left_ns = box->held.packets[box->held.first].due_ns -
					  tun_now_ns();

			if (left_ns > 0)
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
				(fds[1 + i].revents && !take_packets(box, i)))
				return false;
		if (!release(box))
			return false;
	}
}

static void
say(const struct box *box, bool stopped)
{
	struct onpath_counts counts = onpath_rules_counts(box->onpath);
	const struct {
		const char *what;
		uint64_t n;
	} rows[] = {{"passed", box->passed},
		{"dropped after a ClientHello", counts.dropped},
		{"over a meter", counts.policed},
		{"of frozen connections", counts.frozen},
		{"questions raced", counts.raced},
		{"of redirected requests", counts.redirected},
		{"resets after a ClientHello", counts.reset}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%s: %llu\n", rows[i].what, (unsigned long long)rows[i].n);
	printf("%s\n", stopped ? "told to stop" : "a namespace is gone");
}

int
main(int argc, char **argv)
{
	struct onpath_options options = {.name = "onp0"};
	struct box *box = calloc(1, sizeof(*box));
	int told;

	onpath_options_parse(&options, argc, argv);
	if (box == NULL || (box->onpath = onpath_rules_open(&options.rules)) == NULL)
		argp_failure(NULL, 1, errno, "memory");
	told = tun_stop();
	prctl(PR_SET_TIMERSLACK, 1);
	box->devices[0] = tun_open(options.name, options.left);
	box->devices[1] = tun_open(options.name, options.right);
	printf("ready\n");
	fflush(stdout);
	say(box, run(box, told));
	onpath_rules_close(box->onpath);
	free(box);
	return 0;
}
