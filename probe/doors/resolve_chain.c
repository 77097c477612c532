#include "probe/doors/resolve_chain.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/log.h"

/* A set of records that is larger would cost more than it says (KeyTrap,
 * CVE-2023-50387): who signs in earnest has fewer. */
#define SET_MOST 16
#define SIGNATURES_MOST 4
#define LABELS_MOST 12
#define NSEC3_ITERATIONS_MOST 150 /* RFC 9276 section 3.2 */
#define MESSAGE_BYTES 4096 /* EDNS over TCP: the number plays no part */

struct chain {
	resolve_hear_fn *hear;
	void *arg;
	time_t now;
	unsigned asked;
	ldns_rdf *zone; /* down to which everything holds; NULL not even the root */
	ldns_rr_list *keys; /* of that zone */
};

void
resolve_parse_anchors(struct resolve_anchors *anchors, struct span text)
{
	struct span line;

	memset(anchors, 0, sizeof(*anchors));
	while (anchors->n < RESOLVE_ANCHORS_MAX && span_written_line(&line, &text)) {
		char *record = anchors->records[anchors->n];
		ldns_rr *rr = NULL;

		if (line.len >= RESOLVE_ANCHOR_BYTES)
			continue;
		memcpy(record, line.at, line.len);
		record[line.len] = 0;
		if (ldns_rr_new_frm_str(&rr, record, 0, NULL, NULL) == LDNS_STATUS_OK &&
			ldns_dname_label_count(ldns_rr_owner(rr)) == 0 &&
			(ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY ||
				ldns_rr_get_type(rr) == LDNS_RR_TYPE_DS))
			anchors->n++;
		ldns_rr_free(rr);
	}
}

/* ---- questions ---- */

/* With the signatures (DO), and whatever whoever is asked thinks of them (CD). */
static bool
chain_write(struct buf *out, uint16_t id, const ldns_rdf *name, ldns_rr_type type)
{
	ldns_pkt *packet = ldns_pkt_query_new(
		ldns_rdf_clone(name), type, LDNS_RR_CLASS_IN, LDNS_RD | LDNS_CD);
	uint8_t *wire = NULL;
	size_t n = 0;
	bool written;

	if (!packet)
		bug("no memory");
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_edns_udp_size(packet, MESSAGE_BYTES);
	ldns_pkt_set_edns_do(packet, true);
	written = ldns_pkt2wire(&wire, packet, &n) == LDNS_STATUS_OK;
	if (written)
		buf_add(out, wire, n);
	free(wire);
	ldns_pkt_free(packet);
	return written;
}

static bool
chain_is_answer(
	const ldns_pkt *packet, uint16_t id, const ldns_rdf *name, ldns_rr_type type)
{
	const ldns_rr *question;

	if (ldns_pkt_id(packet) != id || !ldns_pkt_qr(packet) ||
		ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR ||
		ldns_pkt_qdcount(packet) != 1)
		return false;
	question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
	return question && ldns_rr_get_type(question) == type &&
	       ldns_dname_compare(ldns_rr_owner(question), name) == 0;
}

/* NULL: no answer to that. */
static ldns_pkt *
chain_ask(struct chain *c, const ldns_rdf *name, ldns_rr_type type)
{
	struct buf question = {0}, answer = {0};
	ldns_pkt *packet = NULL;
	uint16_t id;

	crypto_random(&id, sizeof(id));
	if (c->asked++ < RESOLVE_CHAIN_QUESTIONS &&
		chain_write(&question, id, name, type) &&
		c->hear(c->arg, &answer, buf_span(&question)) &&
		ldns_wire2pkt(&packet, (const uint8_t *)answer.data, answer.len) ==
			LDNS_STATUS_OK &&
		!chain_is_answer(packet, id, name, type)) {
		ldns_pkt_free(packet);
		packet = NULL;
	}
	buf_free(&question);
	buf_free(&answer);
	return packet;
}

/* ---- sets of records and their signatures ---- */

/* Of one type and owner, copied; NULL: none, or more than anybody needs. */
static ldns_rr_list *
chain_set(const ldns_pkt *packet, const ldns_rdf *owner, ldns_rr_type type)
{
	ldns_rr_list *set = ldns_pkt_rr_list_by_name_and_type(
		packet, owner, type, LDNS_SECTION_ANSWER);

	if (set && ldns_rr_list_rr_count(set) <= SET_MOST)
		return set;
	ldns_rr_list_deep_free(set);
	return NULL;
}

static bool
chain_signs(const ldns_rr *sig, const ldns_rdf *owner, ldns_rr_type type)
{
	const ldns_rdf *covered;

	if (ldns_rr_get_type(sig) != LDNS_RR_TYPE_RRSIG ||
		ldns_dname_compare(ldns_rr_owner(sig), owner) ||
		!ldns_rr_rrsig_signame(sig))
		return false;
	covered = ldns_rr_rrsig_typecovered(sig);
	return covered && ldns_rdf2rr_type(covered) == type;
}

static bool
chain_speaks_against(ldns_status status)
{
	switch ((int)status) { /* ldns's list is long; most of it says nothing here */
	case LDNS_STATUS_CRYPTO_BOGUS:
	case LDNS_STATUS_CRYPTO_SIG_EXPIRED:
	case LDNS_STATUS_CRYPTO_SIG_NOT_INCEPTED:
	case LDNS_STATUS_CRYPTO_NO_MATCHING_KEYTAG_DNSKEY:
		return true;
	default:
		return false;
	}
}

/* Does any of the section's signatures, by that zone with those keys, hold? unsaid where
 * there is none that says anything. */
static enum resolve_trust
chain_verify(const struct chain *c, const ldns_rr_list *set,
	const ldns_rr_list *section, const ldns_rdf *zone, const ldns_rr_list *keys)
{
	const ldns_rr *first = ldns_rr_list_rr(set, 0);
	enum resolve_trust trust = RESOLVE_UNSAID;
	unsigned tried = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *sig = ldns_rr_list_rr(section, i);
		ldns_status status;

		if (!chain_signs(sig, ldns_rr_owner(first), ldns_rr_get_type(first)) ||
			ldns_dname_compare(ldns_rr_rrsig_signame(sig), zone) ||
			tried++ >= SIGNATURES_MOST)
			continue;
		status = ldns_verify_rrsig_keylist_time(set, sig, keys, c->now, NULL);
		if (status == LDNS_STATUS_OK)
			return RESOLVE_AUTHENTIC;
		if (chain_speaks_against(status))
			trust = RESOLVE_BOGUS;
	}
	return trust;
}

/* ---- from one zone to the next ---- */

static bool
chain_key_is_meant(const ldns_rr *key, const ldns_rr_list *anchors)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(anchors); i++) {
		const ldns_rr *anchor = ldns_rr_list_rr(anchors, i);

		if (ldns_rr_get_type(anchor) == LDNS_RR_TYPE_DS
				? ldns_rr_compare_ds(key, anchor)
				: ldns_rr_compare(key, anchor) == 0)
			return true;
	}
	return false;
}

/* Into a zone of whose keys somebody above has told. Where none of them is meant there may
 * be ways to tell of them that this program does not know. */
static enum resolve_trust
chain_enter(struct chain *c, const ldns_rdf *zone, const ldns_rr_list *anchors)
{
	ldns_pkt *packet = chain_ask(c, zone, LDNS_RR_TYPE_DNSKEY);
	ldns_rr_list *keys =
		packet ? chain_set(packet, zone, LDNS_RR_TYPE_DNSKEY) : NULL;
	ldns_rr_list *meant = ldns_rr_list_new();
	enum resolve_trust trust = RESOLVE_UNSAID;

	for (size_t i = 0; keys && i < ldns_rr_list_rr_count(keys); i++)
		if (chain_key_is_meant(ldns_rr_list_rr(keys, i), anchors))
			ldns_rr_list_push_rr(meant, ldns_rr_list_rr(keys, i));
	if (ldns_rr_list_rr_count(meant))
		trust = chain_verify(c, keys, ldns_pkt_answer(packet), zone, meant);
	if (trust == RESOLVE_AUTHENTIC) {
		ldns_rr_list_deep_free(c->keys);
		ldns_rdf_deep_free(c->zone);
		c->keys = keys;
		c->zone = ldns_rdf_clone(zone);
		keys = NULL;
	}
	ldns_rr_list_free(meant); /* its records are those of keys */
	ldns_rr_list_deep_free(keys);
	ldns_pkt_free(packet);
	return trust;
}

/* Is this record that name's own proof of what it does not have? */
static bool
chain_speaks_of(const struct chain *c, const ldns_rr *nsec, const ldns_rdf *name)
{
	ldns_rdf *hashed;
	bool same;

	if (ldns_rr_get_type(nsec) == LDNS_RR_TYPE_NSEC)
		return ldns_dname_compare(ldns_rr_owner(nsec), name) == 0;
	if (ldns_rr_get_type(nsec) != LDNS_RR_TYPE_NSEC3 ||
		ldns_nsec3_iterations(nsec) > NSEC3_ITERATIONS_MOST)
		return false;
	hashed = ldns_nsec3_hash_name_frm_nsec3(nsec, name);
	same = hashed && ldns_dname_cat(hashed, c->zone) == LDNS_STATUS_OK &&
	       ldns_dname_compare(ldns_rr_owner(nsec), hashed) == 0;
	ldns_rdf_deep_free(hashed);
	return same;
}

/* Is it proven that the zone goes on at that name (RFC 4035 section 5.2: neither DS nor
 * NS)? */
static bool
chain_goes_on(const struct chain *c, const ldns_pkt *packet, const ldns_rdf *name)
{
	const ldns_rr_list *section = ldns_pkt_authority(packet);
	bool proven = false;

	for (size_t i = 0; !proven && i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *nsec = ldns_rr_list_rr(section, i);
		const ldns_rdf *types;
		ldns_rr_list *set;

		if (!chain_speaks_of(c, nsec, name))
			continue;
		types = ldns_nsec_get_bitmap(nsec);
		if (!types || ldns_nsec_bitmap_covers_type(types, LDNS_RR_TYPE_NS) ||
			ldns_nsec_bitmap_covers_type(types, LDNS_RR_TYPE_DS))
			continue;
		set = ldns_rr_list_new();
		ldns_rr_list_push_rr(set, nsec);
		proven = chain_verify(c, set, section, c->zone, c->keys) ==
			 RESOLVE_AUTHENTIC;
		ldns_rr_list_free(set);
	}
	return proven;
}

/* One label further down: into the zone that begins there, or on where none does. */
static enum resolve_trust
chain_descend(struct chain *c, const ldns_rdf *name)
{
	ldns_pkt *packet = chain_ask(c, name, LDNS_RR_TYPE_DS);
	ldns_rr_list *set = packet ? chain_set(packet, name, LDNS_RR_TYPE_DS) : NULL;
	enum resolve_trust trust = RESOLVE_UNSAID;

	if (set) {
		trust = chain_verify(c, set, ldns_pkt_answer(packet), c->zone, c->keys);
		if (trust == RESOLVE_AUTHENTIC)
			trust = chain_enter(c, name, set);
	} else if (packet && chain_goes_on(c, packet, name)) {
		trust = RESOLVE_AUTHENTIC;
	}
	ldns_rr_list_deep_free(set);
	ldns_pkt_free(packet);
	return trust;
}

/* ---- the whole of it ---- */

static enum resolve_trust
chain_begin(struct chain *c, const struct resolve_anchors *anchors)
{
	ldns_rdf *root = ldns_dname_new_frm_str(".");
	ldns_rr_list *records = ldns_rr_list_new();
	enum resolve_trust trust;

	if (!root || !records)
		bug("no memory");
	for (unsigned i = 0; i < anchors->n; i++) {
		ldns_rr *rr = NULL;

		if (ldns_rr_new_frm_str(&rr, anchors->records[i], 0, NULL, NULL) ==
			LDNS_STATUS_OK)
			ldns_rr_list_push_rr(records, rr);
	}
	trust = chain_enter(c, root, records);
	ldns_rr_list_deep_free(records);
	ldns_rdf_deep_free(root);
	return trust;
}

/* Does that zone say that it has signed the addresses? */
static bool
chain_says_signed(const ldns_pkt *packet, const ldns_rdf *name, const ldns_rdf *zone)
{
	const ldns_rr_list *section = ldns_pkt_answer(packet);

	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *sig = ldns_rr_list_rr(section, i);

		if (chain_signs(sig, name, LDNS_RR_TYPE_A) &&
			ldns_dname_compare(ldns_rr_rrsig_signame(sig), zone) == 0)
			return true;
	}
	return false;
}

/* Down to the zone that has signed, or to the name itself where none on the way has. */
static enum resolve_trust
chain_walk(struct chain *c, const ldns_pkt *packet, const ldns_rdf *name)
{
	unsigned labels = ldns_dname_label_count(name);
	enum resolve_trust trust = RESOLVE_AUTHENTIC;

	for (unsigned n = 1; n <= labels && trust == RESOLVE_AUTHENTIC &&
			     !chain_says_signed(packet, name, c->zone);
		n++) {
		ldns_rdf *down = ldns_dname_clone_from(name, (uint16_t)(labels - n));

		if (!down)
			bug("no memory");
		trust = chain_descend(c, down);
		ldns_rdf_deep_free(down);
	}
	return trust;
}

static enum resolve_trust
chain_judge(
	struct chain *c, const struct resolve_anchors *anchors, const ldns_rdf *name)
{
	ldns_pkt *packet = chain_ask(c, name, LDNS_RR_TYPE_A);
	ldns_rr_list *set = packet ? chain_set(packet, name, LDNS_RR_TYPE_A) : NULL;
	enum resolve_trust trust = RESOLVE_UNSAID;

	if (!set)
		goto done;
	trust = chain_begin(c, anchors);
	if (trust == RESOLVE_AUTHENTIC)
		trust = chain_walk(c, packet, name);
	if (trust != RESOLVE_AUTHENTIC)
		goto done;
	trust = chain_verify(c, set, ldns_pkt_answer(packet), c->zone, c->keys);
	/* All the way down everything was signed, so this would be. */
	if (trust == RESOLVE_UNSAID && !chain_says_signed(packet, name, c->zone))
		trust = RESOLVE_BOGUS;
done:
	ldns_rr_list_deep_free(set);
	ldns_pkt_free(packet);
	return trust;
}

enum resolve_trust
resolve_chain(const struct resolve_anchors *anchors, const char *name, int64_t utc_us,
	resolve_hear_fn *hear, void *arg)
{
	struct chain c = {.hear = hear, .arg = arg, .now = (time_t)(utc_us / 1000000)};
	ldns_rdf *dname = ldns_dname_new_frm_str(name);
	enum resolve_trust trust = RESOLVE_UNSAID;

	if (dname && anchors->n && ldns_dname_label_count(dname) <= LABELS_MOST)
		trust = chain_judge(&c, anchors, dname);
	ldns_rr_list_deep_free(c.keys);
	ldns_rdf_deep_free(c.zone);
	ldns_rdf_deep_free(dname);
	return trust;
}
