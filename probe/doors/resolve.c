#include "probe/doors/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "common/file.h"
#include "common/log.h"

#define EDNS_BYTES 1232 /* fits every path's MTU: DNS flag day 2020 */
#define DNS_PORT 53
#define UDP4_BYTES (20 + 8)
#define UDP6_BYTES (40 + 8)
#define CONF_BYTES_MAX (64 * 1024)
#define TRIES 2

bool
resolve_write(struct buf *out, uint16_t id, const char *name)
{
	ldns_rdf *dname = ldns_dname_new_frm_str(name);
	ldns_pkt *packet = NULL;
	uint8_t *wire = NULL;
	size_t n = 0;
	bool written = false;

	if (!dname)
		goto done;
	packet = ldns_pkt_query_new(dname, LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, LDNS_RD);
	if (!packet)
		bug("no memory");
	dname = NULL; /* the packet's now */
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_edns_udp_size(packet, EDNS_BYTES);
	if (ldns_pkt2wire(&wire, packet, &n) != LDNS_STATUS_OK)
		goto done;
	buf_add(out, wire, n);
	written = true;
done:
	free(wire);
	ldns_pkt_free(packet);
	ldns_rdf_deep_free(dname);
	return written;
}

/* True when the packet repeats our question. An error may come without one (a server
 * that could not read it); an answer may not. */
static bool
resolve_is_ours(const ldns_pkt *packet, uint16_t rcode, const char *name)
{
	ldns_rdf *dname;
	const ldns_rr *question;
	bool same;

	if (ldns_pkt_qdcount(packet) == 0)
		return rcode != LDNS_RCODE_NOERROR;
	if (ldns_pkt_qdcount(packet) != 1)
		return false;
	question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	dname = ldns_dname_new_frm_str(name);
	same = question && dname && ldns_rr_get_type(question) == LDNS_RR_TYPE_A &&
	       ldns_rr_get_class(question) == LDNS_RR_CLASS_IN &&
	       ldns_dname_compare(ldns_rr_owner(question), dname) == 0;
	ldns_rdf_deep_free(dname);
	return same;
}

static void
resolve_take_addresses(struct resolve_answer *answer, const ldns_pkt *packet)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);

	/* Whatever aliases led there: the resolver puts the addresses behind them. */
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		const ldns_rdf *rdf;

		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_A ||
			ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
			ldns_rr_rd_count(rr) != 1)
			continue;
		rdf = ldns_rr_rdf(rr, 0);
		if (!rdf || ldns_rdf_size(rdf) != sizeof(uint32_t))
			continue;
		answer->answers++;
		if (answer->n < RESOLVE_ADDRESSES_MAX)
			memcpy(&answer->addresses[answer->n++], ldns_rdf_data(rdf),
				sizeof(uint32_t));
	}
}

static int
resolve_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
resolve_hash_addresses(struct resolve_answer *answer)
{
	char text[RESOLVE_ADDRESSES_MAX][INET_ADDRSTRLEN];
	uint8_t hash[HASH_BYTES];
	struct buf all = {0};

	if (!answer->n)
		return;
	for (unsigned i = 0; i < answer->n; i++)
		inet_ntop(AF_INET, &answer->addresses[i], text[i], sizeof(text[i]));
	qsort(text, answer->n, sizeof(text[0]), resolve_compare);
	for (unsigned i = 0; i < answer->n; i++)
		buf_printf(&all, "%s\n", text[i]);
	crypto_sha256(hash, all.data, all.len);
	crypto_hex(answer->sha256, hash, sizeof(hash));
	buf_free(&all);
}

enum resolve_verdict
resolve_read(struct resolve_answer *answer, const void *bytes, size_t n, uint16_t id,
	const char *name)
{
	enum resolve_verdict verdict = RESOLVE_MALFORMED;
	const uint8_t *at = bytes;
	ldns_pkt *packet = NULL;

	memset(answer, 0, sizeof(*answer));
	if (n < 2 || (at[0] << 8 | at[1]) != id)
		return RESOLVE_IGNORED;
	if (ldns_wire2pkt(&packet, bytes, n) != LDNS_STATUS_OK)
		return RESOLVE_MALFORMED;
	if (!ldns_pkt_qr(packet) || ldns_pkt_get_opcode(packet) != LDNS_PACKET_QUERY)
		goto done;
	/* RFC 6891 section 6.1.3: EDNS holds the upper eight of twelve bits. */
	answer->rcode = (uint16_t)(ldns_pkt_edns_extended_rcode(packet) << 4 |
				   ldns_pkt_get_rcode(packet));
	verdict = RESOLVE_IGNORED;
	if (!resolve_is_ours(packet, answer->rcode, name))
		goto done;
	verdict = RESOLVE_ANSWERED;
	resolve_take_addresses(answer, packet);
	resolve_hash_addresses(answer);
done:
	ldns_pkt_free(packet);
	return verdict;
}

static enum outcome
resolve_outcome(const struct resolve_answer *answer)
{
	switch (answer->rcode) {
	case LDNS_RCODE_NOERROR:
		return answer->answers ? OUTCOME_ok : OUTCOME_dns_no_answer;
	case LDNS_RCODE_NXDOMAIN:
		return OUTCOME_dns_nxdomain_error;
	case LDNS_RCODE_REFUSED:
		return OUTCOME_dns_refused_error;
	default:
		return OUTCOME_dns_server_failure;
	}
}

struct resolve_run {
	struct resolve_result *result;
	resolve_watch_fn *watch;
	void *arg;
	const char *name;
	int fd;
	int64_t header_bytes;
	uint16_t ids
		[TRIES]; /* each question has its own: a round trip is never guessed */
	int64_t sent_us[TRIES];
	unsigned tries;
};

static void
resolve_step(struct resolve_run *run, enum stage stage)
{
	run->result->stage = stage;
	if (run->watch)
		run->watch(run->arg, run->result);
}

static bool
resolve_send(struct resolve_run *run)
{
	struct buf question = {0};
	bool sent = false;

	resolve_step(run, STAGE_send);
	crypto_random(&run->ids[run->tries], sizeof(run->ids[0]));
	if (!resolve_write(&question, run->ids[run->tries], run->name)) {
		run->result->outcome = OUTCOME_unmeasured;
		run->result->reason = REASON_no_endpoint;
		goto done;
	}
	run->sent_us[run->tries] = clock_boot_us();
	if (send(run->fd, question.data, question.len, 0) < 0) {
		run->result->os_error = errno;
		run->result->outcome = socket_outcome(run->result->os_error);
		run->result->reason = socket_reason(run->result->os_error);
		goto done;
	}
	run->tries++;
	run->result->wire_bytes += run->header_bytes + (int64_t)question.len;
	resolve_step(run, STAGE_reply);
	sent = true;
done:
	buf_free(&question);
	return sent;
}

/* True when the question is settled. */
static bool
resolve_take(struct resolve_run *run, const struct socket_message *message)
{
	struct resolve_result *r = run->result;
	int64_t now_us = clock_boot_us();

	r->wire_bytes += run->header_bytes + (int64_t)message->n;
	for (unsigned i = 0; i < run->tries; i++) {
		struct resolve_answer answer;

		switch (resolve_read(
			&answer, message->bytes, message->n, run->ids[i], run->name)) {
		case RESOLVE_ANSWERED:
			r->answer = answer;
			r->answered = true;
			r->rtt_us = now_us - run->sent_us[i];
			r->reply_ttl = message->ttl;
			r->outcome = resolve_outcome(&answer);
			return true;
		case RESOLVE_MALFORMED:
			r->outcome = OUTCOME_dns_malformed; /* until a better comes */
			break;
		case RESOLVE_IGNORED:
			break;
		}
	}
	return false;
}

static bool
resolve_take_error(
	struct resolve_run *run, const struct socket_message *message, bool v6)
{
	struct resolve_result *r = run->result;

	if (!message->icmp_error)
		return false;
	r->wire_bytes += run->header_bytes + (int64_t)message->n;
	r->icmp_type = message->icmp_type;
	r->icmp_code = message->icmp_code;
	r->os_error = message->icmp_error;
	r->outcome = socket_icmp_outcome(
		v6, message->icmp_type, message->icmp_code, message->icmp_error);
	return true;
}

static bool
resolve_wait(struct resolve_run *run, int64_t until_us, bool v6)
{
	struct socket_message message;
	int pending;
	socklen_t n = sizeof(pending);

	for (;;) {
		if (!socket_wait(run->fd, until_us)) {
			if (clock_boot_us() >= until_us)
				return false;
			continue;
		}
		if (socket_receive(&message, run->fd, MSG_ERRQUEUE)) {
			if (resolve_take_error(run, &message, v6))
				return true;
		} else if (socket_receive(&message, run->fd, 0)) {
			if (resolve_take(run, &message))
				return true;
		} else {
			/* Takes a stale error away, so that poll sleeps again. */
			(void)getsockopt(run->fd, SOL_SOCKET, SO_ERROR, &pending, &n);
		}
	}
}

void
resolve_ask(struct resolve_result *result, const union socket_address *server,
	const char *name, int64_t retry_us, int64_t wait_us, resolve_watch_fn *watch,
	void *arg)
{
	bool v6 = server->any.sa_family == AF_INET6;
	int64_t start_us = clock_boot_us();
	struct resolve_run run = {.result = result,
		.watch = watch,
		.arg = arg,
		.name = name,
		.header_bytes = v6 ? UDP6_BYTES : UDP4_BYTES};
	int error;

	*result = (struct resolve_result){.stage = STAGE_send,
		.outcome = OUTCOME_generic_timeout_error,
		.reply_ttl = -1,
		.icmp_type = -1,
		.icmp_code = -1};
	resolve_step(&run, STAGE_send);
	error = socket_open_datagram(&run.fd, server, IPPROTO_UDP, 0);
	if (error) {
		result->os_error = error;
		result->outcome = socket_outcome(error);
		result->reason = socket_reason(error);
	} else if (resolve_send(&run) && !resolve_wait(&run, start_us + retry_us, v6) &&
		   resolve_send(&run)) {
		(void)resolve_wait(&run, start_us + wait_us, v6);
	}
	if (run.fd >= 0)
		close(run.fd);
}

/* An address with the zone that a link-local one needs: fe80::1%eth0. */
static bool
resolve_parse_server(union socket_address *server, char *text)
{
	char *zone = strchr(text, '%');
	struct sockaddr_in6 v6;

	if (zone)
		*zone++ = 0;
	if (!socket_parse(server, text, DNS_PORT))
		return false;
	if (!zone)
		return true;
	if (server->any.sa_family != AF_INET6)
		return false;
	memcpy(&v6, server, sizeof(v6));
	v6.sin6_scope_id = if_nametoindex(zone);
	memcpy(server, &v6, sizeof(v6));
	return true;
}

bool
resolve_parse_conf(union socket_address *server, struct span text)
{
	static const char keyword[] = "nameserver";
	struct span line;
	char word[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];

	while (span_line(&line, &text)) {
		size_t at = sizeof(keyword) - 1, n = 0;

		if (line.len <= at || memcmp(line.at, keyword, at) ||
			(line.at[at] != ' ' && line.at[at] != '\t'))
			continue;
		while (at < line.len && (line.at[at] == ' ' || line.at[at] == '\t'))
			at++;
		while (at < line.len && n < sizeof(word) - 1 &&
			!strchr(" \t\r#;", line.at[at]))
			word[n++] = line.at[at++];
		word[n] = 0;
		if (resolve_parse_server(server, word))
			return true;
	}
	return false;
}

bool
resolve_server(union socket_address *server)
{
	struct buf text = {0};
	bool found;

	if (file_read(&text, "/etc/resolv.conf", CONF_BYTES_MAX) != OK) {
		buf_free(&text);
		return false;
	}
	buf_puts(&text, "\n"); /* span_line() wants every line's end */
	found = resolve_parse_conf(server, buf_span(&text));
	buf_free(&text);
	return found;
}
