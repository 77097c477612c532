/*
 * Captures on every device of its network namespace until SIGTERM, as tcpdump -i any does,
 * which in a user namespace of its own cannot change to whom it wants to be; or on one.
 *
 *   capture FILE FILTER [BYTES DEVICE]      so many bytes a packet (128: the headers), as a pcap
 *                                           file; of one device as it stands there, Ethernet
 *
 * Says "ready" once it listens, and at its end how many packets there were and how many
 * of them found no room.
 */
#include <pcap/pcap.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define SNAP_BYTES 128
#define BUFFER_BYTES (16 << 20)
#define WAIT_MS 20

static pcap_t *pcap;

static void
end(int signal_number)
{
	(void)signal_number;
	pcap_breakloop(pcap);
}

static int
refuse(const char *what)
{
	fprintf(stderr, "capture: %s: %s\n", what, pcap_geterr(pcap));
	return 1;
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = end};
	char why[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program program;
	struct pcap_stat stat;
	pcap_dumper_t *out;
	bool one = argc == 5;

	if (argc != 3 && !one) {
		fputs("usage: capture FILE FILTER [BYTES DEVICE]\n", stderr);
		return 2;
	}
	pcap = pcap_create(one ? argv[4] : "any", why);
	if (!pcap) {
		fprintf(stderr, "capture: %s\n", why);
		return 1;
	}
	pcap_set_snaplen(pcap, one ? atoi(argv[3]) : SNAP_BYTES);
	pcap_set_buffer_size(pcap, BUFFER_BYTES);
	pcap_set_timeout(pcap, WAIT_MS);
	if (pcap_activate(pcap) < 0 ||
		(!one && pcap_set_datalink(pcap, DLT_LINUX_SLL2) < 0) ||
		pcap_compile(pcap, &program, argv[2], 1, PCAP_NETMASK_UNKNOWN) < 0 ||
		pcap_setfilter(pcap, &program) < 0)
		return refuse("listening");
	pcap_freecode(&program);
	out = pcap_dump_open(pcap, argv[1]);
	if (!out)
		return refuse(argv[1]);
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	if (pcap_loop(pcap, -1, pcap_dump, (u_char *)out) == PCAP_ERROR)
		return refuse("capturing");
	/* What is in the ring already. */
	if (pcap_setnonblock(pcap, 1, why) == 0)
		while (pcap_dispatch(pcap, -1, pcap_dump, (u_char *)out) > 0)
			continue;
	pcap_dump_close(out);
	if (pcap_stats(pcap, &stat) == 0)
		printf("%u packets, %u without room\n", stat.ps_recv, stat.ps_drop);
	pcap_close(pcap);
	return 0;
}
