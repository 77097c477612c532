#include "probe/doors/capture_pcap.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The header of "any" (LINKTYPE_LINUX_SLL2), the longest of IP and TCP. */
#define LINK_BYTES 20
#define SNAP_BYTES (LINK_BYTES + 40 + 60)
#define LINK_INTERFACE 4 /* where its number stands */
/* Some thousand packets that nobody has fetched yet. */
#define RING_BYTES (256 * 1024)
#define FILTER_BYTES 400
#define TAIL 8

static bool
capture_pcap_load(struct capture_pcap *pcap)
{
	/* Debian's name for it, and everybody else's. */
	void *library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL), *function;

	if (!library)
		library = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
#define LOAD(name)                                                                     \
	function = dlsym(library, #name);                                              \
	if (!function)                                                                 \
		return false;                                                          \
	memcpy(&pcap->name, &function, sizeof(function));
	CAPTURE_PCAP_FUNCTIONS(LOAD)
#undef LOAD
	return true;
}

static void
capture_filter_text(char text[FILTER_BYTES], uint16_t port, const struct sockaddr *peer)
{
	bool v6 = peer->sa_family == AF_INET6;
	char address[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in6 to6;
	struct sockaddr_in to4;
	unsigned far;

	if (v6) {
		memcpy(&to6, peer, sizeof(to6));
		inet_ntop(AF_INET6, &to6.sin6_addr, address, sizeof(address));
		far = ntohs(to6.sin6_port);
	} else {
		memcpy(&to4, peer, sizeof(to4));
		inet_ntop(AF_INET, &to4.sin_addr, address, sizeof(address));
		far = ntohs(to4.sin_port);
	}
	snprintf(text, FILTER_BYTES,
		"(%s src host %s and tcp src port %u and tcp dst port %u) or "
		"(%s dst host %s and tcp dst port %u and tcp src port %u)",
		v6 ? "ip6" : "ip", address, far, port, v6 ? "ip6" : "ip", address, far,
		port);
}

/*
 * What the filter lets in it lets in whole: then the kernel would hand over as much as fits,
 * payload too. Behind it comes a tail that counts the bytes of both headers (RFC 791, RFC
 * 9293 section 3.1) and says that they are all; to it goes who was let in. The filter lets no
 * IPv6 extension headers in. Offsets count from the link's header on, what comes back from
 * behind it, as the kernel has it on "any".
 */
static size_t
capture_cut_payload(struct bpf_insn *out, const struct bpf_program *filter, bool v6)
{
	static const struct bpf_insn tail4[] = {
		BPF_STMT(BPF_LDX | BPF_MSH | BPF_B, LINK_BYTES),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, LINK_BYTES + 12),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	static const struct bpf_insn tail6[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LINK_BYTES + 40 + 12),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 40),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	unsigned n = filter->bf_len;

	for (unsigned i = 0; i < n; i++) {
		out[i] = filter->bf_insns[i];
		if (out[i].code == (BPF_RET | BPF_K) && out[i].k > 0)
			out[i] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, n - i - 1);
	}
	memcpy(out + n, v6 ? tail6 : tail4, v6 ? sizeof(tail6) : sizeof(tail4));
	return n + (v6 ? sizeof(tail6) : sizeof(tail4)) / sizeof(*out);
}

static bool
capture_set_filter(
	const struct capture_pcap *pcap, uint16_t port, const struct sockaddr *peer)
{
	struct bpf_program filter, cut;
	char text[FILTER_BYTES];
	int locked = 1;
	bool set = false;

	capture_filter_text(text, port, peer);
	if (pcap->pcap_compile(pcap->at, &filter, text, 1, PCAP_NETMASK_UNKNOWN))
		return false;
	cut.bf_insns = calloc(filter.bf_len + TAIL, sizeof(*cut.bf_insns));
	if (cut.bf_insns) {
		cut.bf_len = (unsigned)capture_cut_payload(
			cut.bf_insns, &filter, peer->sa_family == AF_INET6);
		set = pcap->pcap_setfilter(pcap->at, &cut) == 0;
	}
	free(cut.bf_insns);
	pcap->pcap_freecode(&filter);
	return set && setsockopt(pcap->fd, SOL_SOCKET, SO_LOCK_FILTER, &locked,
			      sizeof(locked)) == 0;
}

static enum reason
capture_start(struct capture_pcap *pcap, uint16_t port, const struct sockaddr *peer)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int opened;

	pcap->pcap_set_snaplen(pcap->at, SNAP_BYTES);
	pcap->pcap_set_buffer_size(pcap->at, RING_BYTES);
	pcap->pcap_set_immediate_mode(pcap->at, 1);
	opened = pcap->pcap_activate(pcap->at);
	if (opened < 0)
		return opened == PCAP_ERROR_PERM_DENIED ? REASON_no_permission
							: REASON_internal;
	pcap->fd = pcap->pcap_get_selectable_fd(pcap->at);
	if (pcap->pcap_set_datalink(pcap->at, DLT_LINUX_SLL2) ||
		!capture_set_filter(pcap, port, peer) ||
		pcap->pcap_setnonblock(pcap->at, 1, why))
		return REASON_internal;
	return REASON_none;
}

enum reason
capture_pcap_open(struct capture_pcap *pcap, uint16_t port, const struct sockaddr *peer)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	enum reason reason;

	if (!capture_pcap_load(pcap))
		return REASON_no_library;
	pcap->at = pcap->pcap_create("any", why);
	if (!pcap->at)
		return REASON_internal;
	reason = capture_start(pcap, port, peer);
	if (reason != REASON_none)
		capture_pcap_close(pcap);
	return reason;
}

void
capture_pcap_close(struct capture_pcap *pcap)
{
	pcap->pcap_close(pcap->at);
	pcap->at = NULL;
}

bool
capture_pcap_next(struct capture_frame *frame, const struct capture_pcap *pcap)
{
	struct pcap_pkthdr *head;
	const uint8_t *bytes;
	uint32_t interface;

	while (pcap->pcap_next_ex(pcap->at, &head, &bytes) == 1) {
		if (!packet_read(&frame->packet, PACKET_COOKED2, bytes, head->caplen,
			    head->len))
			continue;
		memcpy(&interface, bytes + LINK_INTERFACE, sizeof(interface));
		frame->interface = (int)ntohl(interface);
		frame->time_us = (int64_t)head->ts.tv_sec * 1000000 + head->ts.tv_usec;
		frame->ip = bytes + LINK_BYTES;
		frame->n = head->caplen - LINK_BYTES;
		if (frame->n > frame->packet.tcp.head_bytes)
			frame->n = frame->packet.tcp.head_bytes;
		return true;
	}
	return false;
}

uint32_t
capture_pcap_dropped(const struct capture_pcap *pcap)
{
	struct pcap_stat stat = {0};

	return pcap->pcap_stats(pcap->at, &stat) ? 0 : stat.ps_drop;
}
