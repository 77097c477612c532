#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "probe/doors/handshake_store.h"

#define ROOM ((size_t)64 * 1024)
#define ADDRESS "45.20.0.2"
#define DAY 86400L

/* Certificates for the tests, one key for all of them but `stranger`. */
static struct {
	EVP_PKEY *key, *other_key;
	X509 *root, *middle, *leaf, *old, *stranger, *same_name;
	char folder[32], bundle[64];
	int serial;
} w;

static void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(cert, extension, -1));
	X509_EXTENSION_free(extension);
}

static X509 *
make(const char *name, X509 *issuer, const char *alt_names, long days, EVP_PKEY *key,
	EVP_PKEY *signer)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++w.serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), -2 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY);
	X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(cert, key);
	if (alt_names)
		add_extension(cert, NULL, NID_subject_alt_name, alt_names);
	else
		add_extension(cert, NULL, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(cert, NULL, NID_subject_key_identifier, "hash");
	if (issuer)
		add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	return cert;
}

static void
write_bundle(const char *before, X509 *a, const char *between, X509 *b)
{
	FILE *file = fopen(w.bundle, "w");

	assert_non_null(file);
	fputs(before, file);
	if (a)
		PEM_write_X509(file, a);
	fputs(between, file);
	if (b)
		PEM_write_X509(file, b);
	assert_int_equal(fclose(file), 0);
}

static struct handshake_store *
read_bundle(enum err *err, size_t room)
{
	struct handshake_store *store = calloc(1, room);

	assert_non_null(store);
	*err = handshake_store_read(store, room, w.bundle);
	return store;
}

static int
judge(X509 *trusted, X509 *also_trusted, X509 *first, X509 *second, const char *name)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct handshake_store *store;
	enum err err;
	int error;

	write_bundle("", trusted, "", also_trusted);
	store = read_bundle(&err, ROOM);
	assert_int_equal(err, OK);
	sk_X509_push(chain, first);
	if (second)
		sk_X509_push(chain, second);
	error = handshake_store_judge(store, chain, name, ADDRESS);
	sk_X509_free(chain);
	free(store);
	return error;
}

static void
what_is_no_certificate_in_a_bundle_is_left_out(void **state)
{
	static const char junk[] =
		"a comment\n-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n"
		"-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n!!!!\n"
		"-----END CERTIFICATE-----\n";
	struct handshake_store *store;
	enum err err;

	(void)state;
	write_bundle(junk, w.root, junk, w.middle);
	store = read_bundle(&err, ROOM);
	assert_int_equal(err, OK);
	assert_int_equal(handshake_store_count(store), 2);
	free(store);
}

static void
a_bundle_without_certificates_and_one_that_does_not_fit_are_refused(void **state)
{
	enum err err;

	(void)state;
	write_bundle("# nothing\n", NULL, "", NULL);
	free(read_bundle(&err, ROOM));
	assert_int_equal(err, ERR_FORMAT);
	write_bundle("", w.root, "", w.middle);
	for (size_t room = 8; room < 300; room += 30) {
		free(read_bundle(&err, room));
		assert_int_equal(err, ERR_LIMIT);
	}
	assert_int_equal(unlink(w.bundle), 0);
	free(read_bundle(&err, ROOM));
	assert_int_equal(err, ERR_NOT_FOUND);
}

static void
a_chain_holds_when_its_path_ends_in_the_store(void **state)
{
	(void)state;
	assert_int_equal(judge(w.root, NULL, w.leaf, w.middle, "a.example"), 0);
	/* Its middle was not sent, and is in the store. */
	assert_int_equal(judge(w.middle, w.root, w.leaf, NULL, "a.example"), 0);
	/* Two in the store have the same name: the key's identifier finds the right one. */
	assert_int_equal(judge(w.same_name, w.root, w.leaf, w.middle, "a.example"), 0);
	assert_int_equal(judge(w.root, w.same_name, w.leaf, w.middle, "a.example"), 0);
}

static void
what_is_wrong_with_a_chain_is_said(void **state)
{
	(void)state;
	assert_int_equal(judge(w.root, NULL, w.leaf, w.middle, "b.example"),
		X509_V_ERR_HOSTNAME_MISMATCH);
	assert_int_equal(judge(w.root, NULL, w.leaf, NULL, "a.example"),
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_int_equal(judge(w.stranger, NULL, w.leaf, w.middle, "a.example"),
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	assert_int_equal(judge(w.root, NULL, w.old, w.middle, "a.example"),
		X509_V_ERR_CERT_HAS_EXPIRED);
	assert_int_equal(judge(w.root, NULL, w.stranger, NULL, "a.example"),
		X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	assert_int_equal(judge(w.root, NULL, w.leaf, w.middle, ""),
		X509_V_ERR_IP_ADDRESS_MISMATCH);
}

/* A certificate of two that speak for each other: no path, and no end of looking. */
static void
issuers_in_a_circle_come_to_an_end(void **state)
{
	X509 *a = make("a", w.middle, NULL, 9, w.key, w.key);
	X509 *b, *c;

	(void)state;
	b = make("b", a, NULL, 9, w.key, w.key);
	X509_free(a);
	a = make("a", b, NULL, 9, w.key, w.key);
	c = make("c", a, "DNS:c.example", 9, w.key, w.key);
	assert_int_not_equal(judge(a, b, c, NULL, "c.example"), 0);
	X509_free(a);
	X509_free(b);
	X509_free(c);
}

/* The child that read the store may have written anything. */
static void
a_store_with_any_byte_wrong_is_read_within_its_bounds(void **state)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	enum err err;
	struct handshake_store *store;
	uint8_t *bytes;

	(void)state;
	sk_X509_push(chain, w.leaf);
	sk_X509_push(chain, w.middle);
	write_bundle("", w.root, "", NULL);
	store = read_bundle(&err, 600);
	assert_int_equal(err, OK);
	bytes = (uint8_t *)store;
	/* used_bytes itself is bounded by the size of the mapping. */
	for (size_t i = 8; i < 600; i++) {
		bytes[i] ^= 0xff;
		(void)handshake_store_judge(store, chain, "a.example", ADDRESS);
		bytes[i] ^= 0xff;
	}
	assert_int_equal(handshake_store_judge(store, chain, "a.example", ADDRESS), 0);
	sk_X509_free(chain);
	free(store);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(w.folder, "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(w.folder));
	snprintf(w.bundle, sizeof(w.bundle), "%s/bundle.pem", w.folder);
	w.key = EVP_EC_gen("P-256");
	w.other_key = EVP_EC_gen("P-256");
	w.root = make("root", NULL, NULL, 9, w.key, w.key);
	w.same_name = make("root", NULL, NULL, 9, w.other_key, w.other_key);
	w.middle = make("middle", w.root, NULL, 9, w.key, w.key);
	w.leaf = make("a", w.middle, "DNS:a.example", 9, w.key, w.key);
	w.old = make("a", w.middle, "DNS:a.example", -1, w.key, w.key);
	w.stranger = make("a", NULL, "DNS:a.example", 9, w.other_key, w.other_key);
	return 0;
}

static int
tear_down(void **state)
{
	X509 *all[] = {w.root, w.middle, w.leaf, w.old, w.stranger, w.same_name};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		X509_free(all[i]);
	EVP_PKEY_free(w.key);
	EVP_PKEY_free(w.other_key);
	unlink(w.bundle);
	return rmdir(w.folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_certificate_in_a_bundle_is_left_out),
		cmocka_unit_test(
			a_bundle_without_certificates_and_one_that_does_not_fit_are_refused),
		cmocka_unit_test(a_chain_holds_when_its_path_ends_in_the_store),
		cmocka_unit_test(what_is_wrong_with_a_chain_is_said),
		cmocka_unit_test(issuers_in_a_circle_come_to_an_end),
		cmocka_unit_test(a_store_with_any_byte_wrong_is_read_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
