#include "probe/doors/handshake.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "common/log.h"
#include "probe/doors/capture.h"
#include "probe/doors/handshake_session.h"
#include "probe/doors/stream.h"

#define NAME_BYTES 254
#define PROTOCOL_BYTES 32
/* For the server's last words, which may be a flood. */
#define FAREWELL_US INT64_C(1000000)
#define FAREWELL_READS 4
#define FAREWELL_BYTES 16384

/* What curl sets of OpenSSL's options: with its defaults they make the ClientHello byte for byte
 * that of the curl beside it (common/ORDINARY.md), which scripts, routers and monitors send. A
 * hello of our own making would be known by its order alone. */
#define HELLO_OPTIONS (SSL_OP_ALL | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION)
/* Each with its length before it (RFC 7301 section 3.1). */
static const uint8_t protocols[] = "\x02h2\x08http/1.1";
/* Of them, for whoever talks. */
#define H2_BYTES 3

struct handshake_run {
	struct handshake_result *result;
	const struct handshake_plan *plan;
	char name[NAME_BYTES]; /* the plan's; "" where that is an address */
	handshake_watch_fn *watch;
	void *arg;
	int fd;
	int64_t until_us; /* CLOCK_BOOTTIME */
};

static void
handshake_look(struct handshake_run *run)
{
	struct socket_tcp tcp;

	if (run->fd < 0 || !socket_read_tcp(&tcp, run->fd))
		return;
	/* The counters of a connection that was refused are gone: the estimate stays. */
	if (tcp.wire_bytes > 0)
		run->result->wire_bytes = tcp.wire_bytes;
	run->result->retrans = tcp.retrans;
	/* The SYN's: later ones hold what the server needs to think. */
	if (tcp.rtt_us > 0 && run->result->rtt_us < 0)
		run->result->rtt_us = tcp.rtt_us;
}

static void
handshake_tell(struct handshake_run *run)
{
	handshake_look(run);
	if (run->watch)
		run->watch(run->arg, run->result);
}

static void
handshake_step(struct handshake_run *run, enum stage stage)
{
	run->result->stage = stage;
	handshake_tell(run);
}

static void
handshake_fail(struct handshake_run *run, int error)
{
	run->result->os_error = error;
	run->result->outcome = socket_outcome(error);
	run->result->reason = socket_reason(error);
}

static bool
handshake_wait(const struct handshake_run *run, short events)
{
	return stream_wait(run->fd, events, run->until_us);
}

static bool
handshake_connect(struct handshake_run *run)
{
	const union socket_address *to = &run->plan->to;
	int64_t start_us;
	int error;

	handshake_step(run, STAGE_connect);
	error = socket_open(&run->fd, to, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	if (!error && run->plan->capture && run->plan->capture_way)
		capture_begin(run->plan->capture, run->plan->capture_way, run->fd, to);
	start_us = clock_boot_us();
	if (!error) {
		run->result->wire_bytes = stream_syn_bytes(to);
		error = stream_reach(run->fd, to, run->until_us);
	}
	if (error > 0)
		handshake_fail(run, error);
	if (error)
		return false;
	run->result->connect_us = clock_boot_us() - start_us;
	run->result->connected = true;
	return true;
}

static void
handshake_hash_chain(char *at, STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain) && i < HANDSHAKE_CHAIN_MAX; i++) {
		uint8_t hash[EVP_MAX_MD_SIZE];
		unsigned n = 0;

		if (!X509_digest(sk_X509_value(chain, i), EVP_sha256(), hash, &n) ||
			n != HASH_BYTES)
			return;
		if (i)
			*at++ = ' ';
		crypto_hex(at, hash, n);
		at += 2 * HASH_BYTES;
	}
}

static void
handshake_take_leaf(struct handshake_leaf *leaf, const X509 *certificate)
{
	int n = i2d_X509(certificate, NULL);
	uint8_t *at = leaf->der;

	leaf->n = 0;
	if (n > 0 && (size_t)n <= sizeof(leaf->der) && i2d_X509(certificate, &at) == n)
		leaf->n = (size_t)n;
}

bool
handshake_is_another(const struct handshake_result *r)
{
	return r->verify_error > 0 &&
	       r->verify_error != X509_V_ERR_CERT_NOT_YET_VALID &&
	       r->verify_error != X509_V_ERR_CERT_HAS_EXPIRED;
}

/* As soon as the server's certificates are here: should the handshake die behind them,
 * they have been seen. */
static int
handshake_on_chain(X509_STORE_CTX *ctx, void *arg)
{
	struct handshake_run *run = arg;
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(ctx);

	if (sk_X509_num(chain) < 1)
		return 1;
	handshake_hash_chain(run->result->chain_sha256, chain);
	if (run->plan->leaf)
		handshake_take_leaf(run->plan->leaf, sk_X509_value(chain, 0));
	handshake_tell(run);
	if (!run->plan->store)
		return 1;
	run->result->verify_error = handshake_store_judge(
		run->plan->store, chain, run->name, run->plan->address);
	handshake_tell(run);
	return 1;
}

static int
handshake_on_witness(X509_STORE_CTX *ctx, void *arg)
{
	struct handshake_witness *w = arg;
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(ctx);

	if (sk_X509_num(chain) < 1)
		return 1;
	handshake_hash_chain(w->chain_sha256, chain);
	if (w->store)
		w->verify_error =
			handshake_store_judge(w->store, chain, w->name, w->address);
	return 1;
}

static int
handshake_on_version(X509_STORE_CTX *ctx, void *arg)
{
	const SSL *ssl =
		X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

	(void)arg;
	return ssl && SSL_version(ssl) == TLS1_3_VERSION;
}

void
handshake_insist(void *ssl_ctx)
{
	SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl_ctx, handshake_on_version, NULL);
}

void
handshake_attend(void *ssl_ctx, void *witness)
{
	SSL_CTX_set_cert_verify_callback(ssl_ctx, handshake_on_witness, witness);
}

static void
handshake_on_info(const SSL *ssl, int where, int value)
{
	struct handshake_run *run = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		run->result->alert = value & 0xff; /* above it: warning or fatal */
}

/* Application protocols (RFC 7301): that one, or those of curl. */
static bool
handshake_offer(SSL_CTX *ctx, const struct handshake_plan *plan)
{
	size_t n = plan->protocol ? strlen(plan->protocol) : 0;
	unsigned from = plan->talk ? H2_BYTES : 0;
	uint8_t one[PROTOCOL_BYTES];

	if (!n)
		return !SSL_CTX_set_alpn_protos(
			ctx, protocols + from, sizeof(protocols) - 1 - from);
	if (n >= sizeof(one))
		bug("a protocol's name of %zu bytes", n);
	one[0] = (uint8_t)n;
	memcpy(one + 1, plan->protocol, n);
	return !SSL_CTX_set_alpn_protos(ctx, one, (unsigned)n + 1);
}

static SSL *
handshake_prepare(SSL_CTX **out, struct handshake_run *run)
{
	SSL_CTX *ctx;
	SSL *ssl;

	/* No openssl.cnf: what a machine's owner set there is not the network's. */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	*out = ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx)
		bug("no memory");
	/* Old servers too: what they are worth is for `verified` to say. */
	SSL_CTX_set_security_level(ctx, 1);
	SSL_CTX_set_options(ctx, HELLO_OPTIONS | SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_post_handshake_auth(ctx, 1);
	SSL_CTX_set_info_callback(ctx, handshake_on_info);
	SSL_CTX_set_cert_verify_callback(ctx, handshake_on_chain, run);
	if (!handshake_offer(ctx, run->plan))
		bug("this OpenSSL offers no protocol");
	ssl = SSL_new(ctx);
	if (!ssl || !SSL_set_fd(ssl, run->fd))
		bug("no memory");
	SSL_set_app_data(ssl, run);
	if (run->name[0] && !SSL_set_tlsext_host_name(ssl, run->name)) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

/* ${error} is SSL_get_error()'s. */
static enum outcome
handshake_outcome(int error, int os_error)
{
	unsigned long reason = ERR_peek_error();

	ERR_clear_error();
	if (error == SSL_ERROR_SYSCALL && os_error)
		return socket_outcome(os_error);
	if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL ||
		ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return OUTCOME_eof_error;
	return OUTCOME_ssl_failed_handshake;
}

static void
handshake_read_error(struct handshake_run *run, int error, int os_error)
{
	if (error == SSL_ERROR_SYSCALL && os_error)
		handshake_fail(run, os_error);
	run->result->outcome = handshake_outcome(error, os_error);
}

static void
handshake_shake(struct handshake_run *run, SSL *ssl)
{
	int64_t start_us = clock_boot_us();

	for (;;) {
		int done, error, os_error;

		errno = 0;
		done = SSL_connect(ssl);
		os_error = errno;
		if (done == 1)
			break;
		error = SSL_get_error(ssl, done);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			handshake_read_error(run, error, os_error);
			return;
		}
		if (!handshake_wait(
			    run, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
			return;
	}
	/* curl offers these, too; no server that a list should name takes them. */
	if (SSL_version(ssl) < TLS1_2_VERSION) {
		run->result->outcome = OUTCOME_ssl_failed_handshake;
		return;
	}
	run->result->tls_us = clock_boot_us() - start_us;
	run->result->tls_version = SSL_version(ssl);
	run->result->outcome = OUTCOME_ok;
}

/* The server may still have session tickets on the way. Closed with them unread, the
 * connection would end by RST, which is what this measures in others. */
static void
handshake_part(struct handshake_run *run, SSL *ssl)
{
	char rest[FAREWELL_BYTES / FAREWELL_READS];

	run->until_us = clock_boot_us() + FAREWELL_US;
	SSL_shutdown(ssl);
	ERR_clear_error();
	shutdown(run->fd, SHUT_WR);
	for (int i = 0; i < FAREWELL_READS && handshake_wait(run, POLLIN); i++)
		if (recv(run->fd, rest, sizeof(rest), 0) <= 0)
			break;
}

struct handshake_session {
	struct handshake_run *run;
	SSL *ssl;
};

bool
handshake_write(struct handshake_session *s, const void *bytes, size_t n,
	int64_t until_us, enum outcome *outcome, int *os_error)
{
	s->run->until_us = until_us;
	for (;;) {
		int error, done;

		errno = 0;
		done = SSL_write(s->ssl, bytes, (int)n);
		*os_error = errno;
		if (done > 0)
			return true;
		error = SSL_get_error(s->ssl, done);
		if (error != SSL_ERROR_SYSCALL)
			*os_error = 0;
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
			*outcome = handshake_outcome(error, *os_error);
			return false;
		}
		ERR_clear_error();
		if (!handshake_wait(
			    s->run, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) {
			*outcome = OUTCOME_generic_timeout_error;
			return false;
		}
	}
}

int
handshake_read(struct handshake_session *s, void *bytes, size_t n,
	enum outcome *outcome, int *os_error)
{
	int done, error;

	errno = 0;
	done = SSL_read(s->ssl, bytes, (int)n);
	*os_error = errno;
	if (done > 0)
		return done;
	error = SSL_get_error(s->ssl, done);
	if (error != SSL_ERROR_SYSCALL)
		*os_error = 0;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		ERR_clear_error();
		return 0;
	}
	*outcome = handshake_outcome(error, *os_error);
	return -1;
}

void
handshake_await(struct handshake_session *s, int64_t until_us)
{
	s->run->until_us = until_us;
	handshake_wait(s->run, POLLIN);
}

bool
handshake_counters(struct socket_tcp *tcp, const struct handshake_session *s)
{
	return socket_read_tcp(tcp, s->run->fd);
}

/* What comes, or is still on its way, is no use to anybody: the connection is reset, and
 * nothing is sent again and again behind our back. */
static void
handshake_abandon(const struct handshake_run *run)
{
	struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(run->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void
handshake_secure(struct handshake_run *run)
{
	SSL_CTX *ctx = NULL;
	SSL *ssl;
	bool stays = true;

	handshake_step(run, STAGE_tls_handshake);
	ssl = handshake_prepare(&ctx, run);
	if (!ssl) {
		run->result->outcome = OUTCOME_unmeasured;
		run->result->reason = REASON_no_endpoint;
		goto done;
	}
	handshake_shake(run, ssl);
	handshake_tell(run);
	if (run->result->outcome == OUTCOME_ok && run->plan->talk)
		stays = run->plan->talk(
			run->plan->talk_arg, &(struct handshake_session){run, ssl});
	if (run->result->outcome == OUTCOME_ok && stays)
		handshake_part(run, ssl);
	else if (run->result->outcome == OUTCOME_generic_timeout_error || !stays)
		handshake_abandon(run);
done:
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* An address is no name (RFC 6066 section 3). */
static void
handshake_take_name(struct handshake_run *run)
{
	union socket_address literal;

	if (!socket_parse(&literal, run->plan->name, 0))
		snprintf(run->name, sizeof(run->name), "%s", run->plan->name);
}

size_t
handshake_hello(void *hello, size_t room, const struct handshake_plan *plan)
{
	struct handshake_result ignored = {0};
	struct handshake_run run = {.result = &ignored, .plan = plan, .fd = -1};
	BIO *heard = BIO_new(BIO_s_mem()), *said = BIO_new(BIO_s_mem());
	SSL_CTX *ctx = NULL;
	int n = 0;
	SSL *ssl;

	if (!heard || !said)
		bug("no memory");
	handshake_take_name(&run);
	ssl = handshake_prepare(&ctx, &run);
	if (ssl) {
		SSL_set_bio(ssl, heard, said);
		(void)SSL_connect(ssl);
		ERR_clear_error();
		if (BIO_ctrl_pending(said) <= room)
			n = BIO_read(said, hello, (int)room);
	} else {
		BIO_free(heard);
		BIO_free(said);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return n > 0 ? (size_t)n : 0;
}

void
handshake_try(struct handshake_result *result, const struct handshake_plan *plan,
	handshake_watch_fn *watch, void *arg)
{
	struct handshake_run run = {.result = result,
		.plan = plan,
		.watch = watch,
		.arg = arg,
		.fd = -1,
		.until_us = clock_boot_us() + plan->longest_us};

	*result = (struct handshake_result){
		.outcome = OUTCOME_generic_timeout_error,
		.connect_us = -1,
		.tls_us = -1,
		.rtt_us = -1,
		.retrans = -1,
		.alert = -1,
		.verify_error = -1,
	};
	handshake_take_name(&run);
	/* OpenSSL writes with write(2); a peer that is gone must not end the child. */
	signal(SIGPIPE, SIG_IGN);
	if (handshake_connect(&run))
		handshake_secure(&run);
	handshake_tell(&run);
	if (run.fd >= 0)
		close(run.fd);
}

static void
handshake_note_chain(struct measurement *m, const char *sha256, int verify_error)
{
	if (sha256[0] && measurement_set_text(m, FIELD_chain_sha256, sha256) != OK)
		bug("hashes of %zu bytes", strlen(sha256));
	if (verify_error < 0)
		return;
	SET(m, verified, verify_error == 0);
	if (verify_error)
		SET(m, verify_error, verify_error);
}

void
handshake_note(struct measurement *m, const struct handshake_result *r)
{
	if (r->connect_us >= 0)
		SET(m, connect_us, r->connect_us);
	if (r->tls_us >= 0)
		SET(m, tls_us, r->tls_us);
	if (r->rtt_us >= 0)
		SET(m, rtt_us, r->rtt_us);
	if (r->retrans >= 0)
		SET(m, retrans, r->retrans);
	if (r->tls_version)
		SET(m, tls_version, r->tls_version);
	if (r->alert >= 0 && r->outcome != OUTCOME_ok)
		SET(m, alert, r->alert);
	handshake_note_chain(m, r->chain_sha256, r->verify_error);
}

void
handshake_note_witness(struct measurement *m, const struct handshake_witness *w)
{
	handshake_note_chain(m, w->chain_sha256, w->verify_error);
}
