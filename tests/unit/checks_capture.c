/* What the kernel hands over of a connection that is captured, in a network namespace of this
 * test's own: the headers of that one, and nothing behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "probe/doors/capture_pcap.h"
#include "probe/doors/socket.h"

#define FAR_PORT 9555
#define OWN_PORT 40002
#define LINK_BYTES 20
#define LONG 700

static bool
enter_namespace(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
	return true;
}

static void
address_of(union socket_address *address, bool v6, uint16_t port)
{
	assert_true(socket_parse(address, v6 ? "::1" : "127.0.0.1", port));
}

/* A connection from that port, 0 any; both ends say so many bytes. */
static void
talk(int listener, bool v6, uint16_t port, size_t n)
{
	union socket_address own, far;
	char bytes[LONG] = "payload";
	int a, b;

	address_of(&own, v6, port);
	address_of(&far, v6, FAR_PORT);
	a = socket(own.any.sa_family, SOCK_STREAM, 0);
	assert_int_equal(bind(a, &own.any, socket_length(&own)), 0);
	assert_int_equal(connect(a, &far.any, socket_length(&far)), 0);
	b = accept(listener, NULL, NULL);
	assert_int_equal(send(a, bytes, n, 0), n);
	assert_int_equal(recv(b, bytes, n, MSG_WAITALL), n);
	assert_int_equal(send(b, bytes, n, 0), n);
	assert_int_equal(recv(a, bytes, n, MSG_WAITALL), n);
	close(a);
	close(b);
}

/* Reads until both of the long packets were there. */
static void
look_at_frames(const struct capture_pcap *pcap)
{
	int64_t until_us = clock_boot_us() + INT64_C(5000000);
	struct pcap_pkthdr *head;
	const uint8_t *bytes;
	int with_payload = 0;

	while (with_payload < 2) {
		struct packet packet;

		if (pcap->pcap_next_ex(pcap->at, &head, &bytes) != 1) {
			assert_true(socket_wait(pcap->fd, until_us));
			continue;
		}
		assert_true(packet_read(
			&packet, PACKET_COOKED2, bytes, head->caplen, head->len));
		assert_true(packet.from.port == OWN_PORT || packet.to.port == OWN_PORT);
		assert_int_equal(head->caplen, LINK_BYTES + packet.tcp.head_bytes);
		with_payload += packet.tcp.payload_bytes == LONG;
	}
}

static void
headers_of_one_connection_are_handed_over_and_nothing_behind_them(void **state)
{
	(void)state;
	if (!enter_namespace())
		skip();
	for (int v6 = 0; v6 < 2; v6++) {
		union socket_address far;
		struct capture_pcap pcap;
		struct bpf_program all;
		int listener, on = 1;

		address_of(&far, v6, FAR_PORT);
		listener = socket(far.any.sa_family, SOCK_STREAM, 0);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		assert_int_equal(bind(listener, &far.any, socket_length(&far)), 0);
		assert_int_equal(listen(listener, 4), 0);
		assert_int_equal(
			capture_pcap_open(&pcap, OWN_PORT, &far.any), REASON_none);
		/* Others first: what would be let in of them stands before ours. */
		talk(listener, v6, 0, LONG);
		talk(listener, v6, OWN_PORT, LONG);
		look_at_frames(&pcap);
		assert_int_equal(capture_pcap_dropped(&pcap), 0);
		/* Nobody can let in more, not even who may capture. */
		assert_int_equal(pcap.pcap_compile(pcap.at, &all, "ip or ip6", 1,
					 PCAP_NETMASK_UNKNOWN),
			0);
		assert_int_not_equal(setsockopt(pcap.fd, SOL_SOCKET, SO_DETACH_FILTER,
					     &on, sizeof(on)),
			0);
		assert_int_not_equal(pcap.pcap_setfilter(pcap.at, &all), 0);
		pcap.pcap_freecode(&all);
		capture_pcap_close(&pcap);
		close(listener);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			headers_of_one_connection_are_handed_over_and_nothing_behind_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
