#include "analyzer/steps.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/log.h"

#define KEY_FILE_MAX 4096

static enum err
failed(const char *what)
{
	log_error("cannot %s: %s", what, ERR_reason_error_string(ERR_get_error()));
	ERR_clear_error();
	return ERR_IO;
}

static enum err
write_in(const char *dir, const char *name, const void *bytes, size_t n)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, dir, name);

	return err == OK ? file_write(path, bytes, n) : err;
}

static enum err
read_in(struct buf *out, const char *dir, const char *name)
{
	char path[FILE_PATH_BYTES];
	enum err err = file_path(path, dir, name);

	if (err == OK)
		err = file_read(out, path, KEY_FILE_MAX);
	if (err == ERR_NOT_FOUND)
		log_error("%s: there is no such file; faultline-analyzer init makes it",
			path);
	if (err == ERR_LIMIT)
		log_error("%s: this is too long to be a key", path);
	return err;
}

/* ---- the log key ---- */

static enum err
create_log_key(const char *dir)
{
	uint8_t seed[SEED_BYTES];
	char text[2 * SEED_BYTES + 2];
	enum err err;

	crypto_random(seed, sizeof seed);
	crypto_hex(text, seed, sizeof seed);
	strcpy(text + 2 * SEED_BYTES, "\n");
	err = write_in(dir, "key", text, 2 * SEED_BYTES + 1);
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(text, sizeof text);
	return err;
}

enum err
identity_open(struct identity *identity, const char *dir)
{
	struct buf text = {0};
	uint8_t seed[SEED_BYTES];
	char hex[17];
	enum err err = read_in(&text, dir, "key");

	memset(identity, 0, sizeof *identity);
	if (err != OK)
		goto done;
	if (text.len != 2 * SEED_BYTES + 1 || text.data[text.len - 1] != '\n' ||
		!crypto_unhex(
			seed, sizeof seed, (struct span){text.data, 2 * SEED_BYTES})) {
		log_error("%s/key: this is not a key of 64 hex digits", dir);
		err = ERR_FORMAT;
		goto done;
	}
	err = crypto_key_open(&identity->key, seed);
	if (err != OK)
		goto done;
	crypto_hex(hex, crypto_key_public(identity->key), 8);
	snprintf(identity->key_name, sizeof identity->key_name, "faultline-analyzer-%s",
		hex);
done:
	crypto_wipe(seed, sizeof seed);
	if (text.data)
		crypto_wipe(text.data, text.len);
	buf_free(&text);
	return err;
}

void
identity_close(struct identity *identity)
{
	crypto_key_close(identity->key);
	identity->key = NULL;
}

/* ---- the TLS key ---- */

/* A name that says nothing: the certificate is the same for every analyzer but for its
 * key. No expiry (RFC 5280, "Validity"): probes pin the key and cannot trust a date. */
static enum err
fill_certificate(X509 *cert, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(cert);
	int64_t serial;

	crypto_random(&serial, sizeof serial);
	serial = (serial & INT64_MAX) | 1;
	if (!X509_set_version(cert, X509_VERSION_3) ||
		!ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial) ||
		!ASN1_TIME_set_string_X509(
			X509_getm_notBefore(cert), "20000101000000Z") ||
		!ASN1_TIME_set_string_X509(
			X509_getm_notAfter(cert), "99991231235959Z") ||
		!X509_NAME_add_entry_by_txt(name, "commonName", MBSTRING_ASC,
			(const unsigned char *)"localhost", -1, -1, 0) ||
		!X509_set_issuer_name(cert, name) || !X509_set_pubkey(cert, key) ||
		!X509_sign(cert, key, EVP_sha256()))
		return failed("make a certificate");
	return OK;
}

static enum err
write_pem(const char *dir, const char *name, BIO *bio)
{
	char *bytes = NULL;
	long n = BIO_get_mem_data(bio, &bytes);

	return n > 0 ? write_in(dir, name, bytes, (size_t)n) : failed("write PEM");
}

static enum err
create_tls(const char *dir)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *key_pem = BIO_new(BIO_s_secmem()), *cert_pem = BIO_new(BIO_s_mem());
	enum err err;

	if (!key || !cert || !key_pem || !cert_pem) {
		err = failed("make a TLS key");
		goto done;
	}
	err = fill_certificate(cert, key);
	if (err != OK)
		goto done;
	if (!PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) ||
		!PEM_write_bio_X509(cert_pem, cert)) {
		err = failed("write PEM");
		goto done;
	}
	err = write_pem(dir, "tls.key", key_pem);
	if (err == OK)
		err = write_pem(dir, "tls.crt", cert_pem);
done:
	BIO_free(cert_pem);
	BIO_free(key_pem);
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

enum err
identity_create(const char *dir)
{
	enum err err = create_log_key(dir);

	return err == OK ? create_tls(dir) : err;
}

enum err
identity_tls(struct buf *key_pem, struct buf *cert_pem, const char *dir)
{
	enum err err = read_in(key_pem, dir, "tls.key");

	return err == OK ? read_in(cert_pem, dir, "tls.crt") : err;
}

/* As curl's CURLOPT_PINNEDPUBLICKEY wants it: SHA-256 of the SubjectPublicKeyInfo. */
enum err
identity_pin(char pin[static 64], const char *dir)
{
	struct buf pem = {0}, text = {0};
	X509 *cert = NULL;
	BIO *bio = NULL;
	unsigned char *spki = NULL;
	uint8_t hash[HASH_BYTES];
	int n;
	enum err err = read_in(&pem, dir, "tls.crt");

	if (err != OK)
		goto done;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	n = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki) : -1;
	if (n <= 0) {
		log_error("%s/tls.crt: this is not a certificate in PEM", dir);
		ERR_clear_error();
		err = ERR_FORMAT;
		goto done;
	}
	crypto_sha256(hash, spki, (size_t)n);
	buf_puts(&text, "sha256//");
	crypto_base64(&text, hash, sizeof hash);
	snprintf(pin, 64, "%s", text.data);
done:
	OPENSSL_free(spki);
	X509_free(cert);
	BIO_free(bio);
	buf_free(&text);
	buf_free(&pem);
	return err;
}
