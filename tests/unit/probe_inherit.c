#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/doors/handshake_store.h"
#include "probe/steps.h"

static char bundle[32];

static void
write_bundle(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *file = fopen(bundle, "w");

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_true(PEM_write_X509(file, cert));
	assert_int_equal(fclose(file), 0);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
the_store_is_there_before_any_fork_and_the_same_after_it(void **state)
{
	struct inherited inherited = {0};
	pid_t pid;
	int status;

	(void)state;
	inherit_store(&inherited, bundle);
	assert_non_null(inherited.store);
	assert_int_equal(handshake_store_count(inherited.store), 1);
	pid = fork();
	if (pid == 0) {
		/* A child that was taken over makes it writable, and writes. */
		if (handshake_store_count(inherited.store) != 1 ||
			mprotect(inherited.store, HANDSHAKE_STORE_BYTES,
				PROT_READ | PROT_WRITE) != 0)
			_exit(1);
		memset(inherited.store, 0xff, 4096);
		_exit(handshake_store_count(inherited.store) == UINT32_MAX ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(handshake_store_count(inherited.store), 1);
	munmap(inherited.store, HANDSHAKE_STORE_BYTES);
}

static void
without_certificates_there_is_no_store_and_no_child_is_left(void **state)
{
	static const char *const paths[] = {"/nowhere/at/all", "/etc/passwd", "/"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct inherited inherited = {0};

		inherit_store(&inherited, paths[i]);
		assert_null(inherited.store);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

static int
set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(bundle, "/tmp/bundle-XXXXXX");
	fd = mkstemp(bundle);
	assert_true(fd >= 0);
	close(fd);
	write_bundle();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(bundle);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_store_is_there_before_any_fork_and_the_same_after_it),
		cmocka_unit_test(
			without_certificates_there_is_no_store_and_no_child_is_left),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
