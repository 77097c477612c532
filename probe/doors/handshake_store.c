#include "probe/doors/handshake_store.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"

/* The largest chains in use have five; a hostile one may have a thousand. */
#define CHAIN_LOOKED_AT 16
#define ISSUERS_ABOVE 8
/* As Debian sets it: RSA of 2,048 bits at least, no SHA-1. */
#define STRENGTH 2

struct handshake_store {
	uint32_t certificates;
	uint32_t used_bytes; /* of entries */
	uint8_t entries[]; /* struct entry and so many bytes of DER, again and again */
};

struct entry {
	uint32_t subject; /* hash of the canonical name */
	uint32_t der_bytes;
};

static uint32_t
handshake_store_hash(const X509_NAME *name)
{
	int made = 0;
	unsigned long hash = X509_NAME_hash_ex(name, NULL, NULL, &made);

	return made ? (uint32_t)hash : 0;
}

static bool
handshake_store_add(struct handshake_store *store, size_t room_bytes, const X509 *cert)
{
	int n = i2d_X509(cert, NULL);
	struct entry entry;
	uint8_t *at = store->entries + store->used_bytes;

	if (n <= 0 || (size_t)n + sizeof(entry) > room_bytes - store->used_bytes)
		return false;
	entry.subject = handshake_store_hash(X509_get_subject_name(cert));
	entry.der_bytes = (uint32_t)n;
	memcpy(at, &entry, sizeof(entry));
	at += sizeof(entry);
	if (i2d_X509(cert, &at) != n)
		return false;
	store->used_bytes += (uint32_t)sizeof(entry) + entry.der_bytes;
	store->certificates++;
	return true;
}

/* The end, or the next thing in the file that is no certificate. */
static bool
handshake_store_at_end(void)
{
	unsigned long error = ERR_peek_last_error();

	ERR_clear_error();
	return ERR_GET_LIB(error) == ERR_LIB_PEM &&
	       ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

enum err
handshake_store_read(struct handshake_store *store, size_t bytes, const char *path)
{
	struct buf pem = {0};
	BIO *bio = NULL;
	enum err err = file_read(&pem, path, HANDSHAKE_STORE_BYTES);
	bool fits = true;

	if (err != OK)
		goto done;
	/* No openssl.cnf: what a machine's owner set there is not the network's. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (!bio)
		bug("no memory");
	do {
		X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (cert)
			fits = handshake_store_add(store, bytes - sizeof(*store), cert);
		else if (handshake_store_at_end())
			break;
		X509_free(cert);
	} while (fits);
	err = !fits ? ERR_LIMIT : store->certificates ? OK : ERR_FORMAT;
done:
	BIO_free(bio);
	buf_free(&pem);
	return err;
}

uint32_t
handshake_store_count(const struct handshake_store *store)
{
	return store->certificates;
}

/* Trusts whatever has the name of that certificate's issuer; returns the last of them
 * that has an issuer of its own, with a reference, or NULL. */
static X509 *
handshake_store_trust_issuer(
	X509_STORE *trusted, const struct handshake_store *store, const X509 *cert)
{
	uint32_t wanted = handshake_store_hash(X509_get_issuer_name(cert));
	const uint8_t *at = store->entries;
	size_t left = store->used_bytes;
	struct entry entry;
	X509 *above = NULL;

	while (left >= sizeof(entry)) {
		const unsigned char *der = at + sizeof(entry);
		X509 *issuer;

		memcpy(&entry, at, sizeof(entry));
		if (entry.der_bytes > left - sizeof(entry))
			break;
		left -= sizeof(entry) + entry.der_bytes;
		at += sizeof(entry) + entry.der_bytes;
		if (entry.subject != wanted)
			continue;
		issuer = d2i_X509(NULL, &der, entry.der_bytes);
		if (!issuer)
			continue;
		X509_STORE_add_cert(trusted, issuer);
		if (X509_NAME_cmp(X509_get_subject_name(issuer),
			    X509_get_issuer_name(issuer)) == 0) {
			X509_free(issuer);
		} else {
			X509_free(above);
			above = issuer;
		}
	}
	return above;
}

/* Every anchor that a path from this chain can end in is the issuer of something in it,
 * or of such an issuer. */
static void
handshake_store_trust(X509_STORE *trusted, const struct handshake_store *store,
	STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain) && i < CHAIN_LOOKED_AT; i++) {
		X509 *above = handshake_store_trust_issuer(
			trusted, store, sk_X509_value(chain, i));

		for (int hops = 0; above && hops < ISSUERS_ABOVE; hops++) {
			X509 *next =
				handshake_store_trust_issuer(trusted, store, above);

			X509_free(above);
			above = next;
		}
		X509_free(above);
	}
}

int
handshake_store_judge(const struct handshake_store *store, STACK_OF(X509) * chain,
	const char *name, const char *address)
{
	X509_STORE *trusted = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int error = X509_V_ERR_UNSPECIFIED;

	if (!trusted || !ctx)
		bug("no memory");
	handshake_store_trust(trusted, store, chain);
	if (!X509_STORE_CTX_init(ctx, trusted, sk_X509_value(chain, 0), chain) ||
		!X509_STORE_CTX_set_default(ctx, "ssl_server"))
		goto done;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param, STRENGTH);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (name[0] ? !X509_VERIFY_PARAM_set1_host(param, name, 0)
		    : !X509_VERIFY_PARAM_set1_ip_asc(param, address))
		goto done;
	error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
done:
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trusted);
	return error;
}
