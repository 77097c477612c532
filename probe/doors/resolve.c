#include "probe/doors/resolve.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"

#define EDNS_BYTES 1232 /* fits every path's MTU: DNS flag day 2020 */
/* RFC 1035 section 3.3.13 */
#define SOA_PARTS 7
#define SOA_SERIAL 2
#define LINE_BYTES 512

/* RFC 5001 section 2.1: an empty option asks for the server's own id. */
static void
resolve_ask_nsid(ldns_pkt *packet)
{
	ldns_edns_option_list *options = ldns_edns_option_list_new();
	ldns_edns_option *option = ldns_edns_new_from_data(LDNS_EDNS_NSID, 0, NULL);

	if (!options || !option || !ldns_edns_option_list_push(options, option))
		bug("no memory");
	ldns_pkt_set_edns_option_list(packet, options);
}

bool
resolve_write(struct buf *out, uint16_t id, const struct resolve_question *question)
{
	ldns_rdf *dname = ldns_dname_new_frm_str(question->name);
	ldns_pkt *packet = NULL;
	uint8_t *wire = NULL;
	size_t n = 0;
	bool written = false;

	if (!dname)
		goto done;
	packet = ldns_pkt_query_new(dname, (ldns_rr_type)question->type,
		LDNS_RR_CLASS_IN, question->authority ? 0 : LDNS_RD);
	if (!packet)
		bug("no memory");
	dname = NULL; /* the packet's now */
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_edns_udp_size(packet, EDNS_BYTES);
	if (question->authority)
		resolve_ask_nsid(packet);
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

static bool
resolve_is_record(const ldns_rr *rr, enum resolve_type type)
{
	return ldns_rr_get_type(rr) == (ldns_rr_type)type &&
	       ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN;
}

/* True when the packet repeats our question. An error may come without one (a server
 * that could not read it); an answer may not. */
static bool
resolve_is_ours(const ldns_pkt *packet, uint16_t rcode, const ldns_rdf *name,
	enum resolve_type type)
{
	const ldns_rr *question;

	if (ldns_pkt_qdcount(packet) == 0)
		return rcode != LDNS_RCODE_NOERROR;
	if (ldns_pkt_qdcount(packet) != 1)
		return false;
	question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	return question && resolve_is_record(question, type) &&
	       ldns_dname_compare(ldns_rr_owner(question), name) == 0;
}

/* True when the record holds an address of its family. */
static bool
resolve_take_address(struct resolve_answer *answer, const ldns_rr *rr)
{
	bool v6 = resolve_is_record(rr, RESOLVE_AAAA);
	const ldns_rdf *rdf;

	if ((!v6 && !resolve_is_record(rr, RESOLVE_A)) || ldns_rr_rd_count(rr) != 1)
		return false;
	rdf = ldns_rr_rdf(rr, 0);
	if (!rdf || ldns_rdf_size(rdf) !=
			    (v6 ? sizeof(struct in6_addr) : sizeof(struct in_addr)))
		return false;
	if (answer->n < RESOLVE_ADDRESSES_MAX)
		inet_ntop(v6 ? AF_INET6 : AF_INET, ldns_rdf_data(rdf),
			answer->addresses[answer->n++], INET6_ADDRSTRLEN);
	return true;
}

static void
resolve_take_addresses(
	struct resolve_answer *answer, const ldns_pkt *packet, enum resolve_type type)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);

	/* Whatever aliases led there: the resolver puts the addresses behind them. */
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (resolve_is_record(rr, type) && resolve_take_address(answer, rr))
			answer->answers++;
	}
}

static void
resolve_take_serial(
	struct resolve_answer *answer, const ldns_pkt *packet, const ldns_rdf *name)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);
		const ldns_rdf *serial;

		if (!resolve_is_record(rr, RESOLVE_SOA) ||
			ldns_dname_compare(ldns_rr_owner(rr), name) ||
			ldns_rr_rd_count(rr) != SOA_PARTS)
			continue;
		serial = ldns_rr_rdf(rr, SOA_SERIAL);
		if (!serial || ldns_rdf_get_type(serial) != LDNS_RDF_TYPE_INT32)
			continue;
		answer->answers++;
		answer->serial = ldns_rdf2native_int32(serial);
	}
}

/* The addresses that came along for one name server. */
static void
resolve_take_glue(
	struct resolve_answer *answer, const ldns_pkt *packet, const ldns_rdf *server)
{
	const ldns_rr_list *list = ldns_pkt_additional(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_dname_compare(ldns_rr_owner(rr), server) == 0)
			(void)resolve_take_address(answer, rr);
	}
}

/* The zone's servers, from the section where a server that holds the zone puts them, or
 * where one above it does (a referral, RFC 1034 section 4.3.2). */
static void
resolve_take_servers(struct resolve_answer *answer, const ldns_pkt *packet,
	const ldns_rr_list *list, const ldns_rdf *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (!resolve_is_record(rr, RESOLVE_NS) ||
			ldns_dname_compare(ldns_rr_owner(rr), name) ||
			ldns_rr_rd_count(rr) != 1 ||
			ldns_rdf_get_type(ldns_rr_rdf(rr, 0)) != LDNS_RDF_TYPE_DNAME)
			continue;
		answer->answers++;
		resolve_take_glue(answer, packet, ldns_rr_rdf(rr, 0));
	}
}

static void
resolve_take_nsid(struct resolve_answer *answer, ldns_pkt *packet)
{
	const ldns_edns_option_list *options = ldns_pkt_edns_get_option_list(packet);

	for (size_t i = 0; options && i < ldns_edns_option_list_get_count(options);
		i++) {
		const ldns_edns_option *option =
			ldns_edns_option_list_get_option(options, i);
		size_t n = ldns_edns_get_size(option);

		if (ldns_edns_get_code(option) != LDNS_EDNS_NSID || answer->nsid_n)
			continue;
		answer->nsid_n =
			(uint16_t)(n < RESOLVE_NSID_BYTES ? n : RESOLVE_NSID_BYTES);
		if (answer->nsid_n)
			memcpy(answer->nsid, ldns_edns_get_data(option),
				answer->nsid_n);
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
	char sorted[RESOLVE_ADDRESSES_MAX][INET6_ADDRSTRLEN];
	uint8_t hash[HASH_BYTES];
	struct buf all = {0};

	if (!answer->n)
		return;
	memcpy(sorted, answer->addresses, sizeof(sorted));
	qsort(sorted, answer->n, sizeof(sorted[0]), resolve_compare);
	for (unsigned i = 0; i < answer->n; i++)
		buf_printf(&all, "%s\n", sorted[i]);
	crypto_sha256(hash, all.data, all.len);
	crypto_hex(answer->sha256, hash, sizeof(hash));
	buf_free(&all);
}

static void
resolve_take_records(struct resolve_answer *answer, ldns_pkt *packet,
	const ldns_rdf *name, const struct resolve_question *question)
{
	switch (question->type) {
	case RESOLVE_A:
	case RESOLVE_AAAA:
		resolve_take_addresses(answer, packet, question->type);
		resolve_hash_addresses(answer);
		break;
	case RESOLVE_NS:
		resolve_take_servers(answer, packet, ldns_pkt_answer(packet), name);
		resolve_take_servers(answer, packet, ldns_pkt_authority(packet), name);
		break;
	case RESOLVE_SOA:
		resolve_take_serial(answer, packet, name);
		break;
	}
	if (question->authority)
		resolve_take_nsid(answer, packet);
}

enum resolve_verdict
resolve_read(struct resolve_answer *answer, const void *bytes, size_t n, uint16_t id,
	const struct resolve_question *question)
{
	enum resolve_verdict verdict = RESOLVE_MALFORMED;
	const uint8_t *at = bytes;
	ldns_pkt *packet = NULL;
	ldns_rdf *name = NULL;

	*answer = (struct resolve_answer){.serial = -1};
	if (n < 2 || (at[0] << 8 | at[1]) != id)
		return RESOLVE_IGNORED;
	if (ldns_wire2pkt(&packet, bytes, n) != LDNS_STATUS_OK)
		return RESOLVE_MALFORMED;
	if (!ldns_pkt_qr(packet) || ldns_pkt_get_opcode(packet) != LDNS_PACKET_QUERY)
		goto done;
	/* RFC 6891 section 6.1.3: EDNS holds the upper eight of twelve bits. */
	answer->rcode = (uint16_t)(ldns_pkt_edns_extended_rcode(packet) << 4 |
				   ldns_pkt_get_rcode(packet));
	answer->truncated = ldns_pkt_tc(packet);
	verdict = RESOLVE_IGNORED;
	name = ldns_dname_new_frm_str(question->name);
	if (!name || !resolve_is_ours(packet, answer->rcode, name, question->type))
		goto done;
	verdict = RESOLVE_ANSWERED;
	resolve_take_records(answer, packet, name, question);
done:
	ldns_rdf_deep_free(name);
	ldns_pkt_free(packet);
	return verdict;
}

void
resolve_parse_roots(struct resolve_roots *roots, struct span text)
{
	char line_text[LINE_BYTES];
	struct span line;

	memset(roots, 0, sizeof(*roots));
	while (span_written_line(&line, &text)) {
		struct resolve_answer one = {0};
		ldns_rr *rr = NULL;

		if (line.len >= sizeof(line_text))
			continue;
		memcpy(line_text, line.at, line.len);
		line_text[line.len] = 0;
		if (ldns_rr_new_frm_str(&rr, line_text, 0, NULL, NULL) ==
				LDNS_STATUS_OK &&
			resolve_take_address(&one, rr) && roots->n < RESOLVE_ROOTS_MAX)
			memcpy(roots->addresses[roots->n++], one.addresses[0],
				sizeof(one.addresses[0]));
		ldns_rr_free(rr);
	}
}

static bool
resolve_is_of(const char *address, bool v6)
{
	return (strchr(address, ':') != NULL) == v6;
}

const char *
resolve_pick(
	const char (*addresses)[INET6_ADDRSTRLEN], size_t n, bool v6, uint64_t turn)
{
	size_t of_family = 0;

	for (size_t i = 0; i < n; i++)
		of_family += resolve_is_of(addresses[i], v6);
	if (!of_family)
		return NULL;
	turn %= of_family;
	for (size_t i = 0; i < n; i++)
		if (resolve_is_of(addresses[i], v6) && turn-- == 0)
			return addresses[i];
	return NULL;
}
