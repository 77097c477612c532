#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/measurement.h"
#include "probe/doors/handshake_store.h"
#include "probe/doors/socket.h"

/*
 * OpenSSL's door in the probe: a TCP connection to one address and one TLS handshake
 * (RFC 5246, RFC 8446) over it, with that name in the ClientHello or none (RFC 6066
 * section 3), and the end of it. Nothing is sent that a server would have to answer
 * afterwards, unless the plan brings somebody who talks. The certificate is looked at and
 * judged, never a reason to give up. The hello is that of curl; a server that knows nothing
 * newer than TLS 1.1 is refused.
 */
#define HANDSHAKE_CHAIN_MAX 4
#define HANDSHAKE_CHAIN_TEXT (HANDSHAKE_CHAIN_MAX * 65)

/* Talks over a connection whose handshakes are done (handshake_session.h). False: it breaks
 * off, and the other end is told at once to send no more. */
struct handshake_session;
typedef bool handshake_talk_fn(void *arg, struct handshake_session *session);

/* The server's own certificate, in DER. */
#define HANDSHAKE_LEAF_MAX 8192
struct handshake_leaf {
	size_t n; /* 0: none came, or a longer one */
	uint8_t der[HANDSHAKE_LEAF_MAX];
};

struct capture;
struct capture_way;
struct handshake_plan {
	union socket_address to;
	const char *address; /* the same as text */
	const char *name; /* "" none */
	const struct handshake_store *store; /* NULL: the chain is not judged */
	int64_t longest_us; /* for both handshakes together */
	handshake_talk_fn *talk; /* NULL: nobody does. It is offered HTTP/1.1 alone */
	void *talk_arg;
	const char
		*protocol; /* offered instead (RFC 7301); NULL: as above, or curl's */
	struct handshake_leaf *leaf; /* to be filled in; NULL: nobody wants it */
	/* The connection's packets are captured; NULL: they are not. The caller ends it. */
	struct capture *capture;
	const struct capture_way *capture_way;
};

struct handshake_result {
	enum stage stage;
	enum outcome outcome; /* ok: the handshake of TLS finished */
	enum reason reason; /* of unmeasured */
	int os_error;
	bool connected; /* TCP's handshake finished */
	int64_t connect_us, tls_us; /* -1 unknown */
	int64_t rtt_us, retrans; /* -1 unknown */
	int64_t wire_bytes;
	int tls_version; /* 0 none agreed on */
	int alert; /* -1 none was received */
	char chain_sha256[HANDSHAKE_CHAIN_TEXT]; /* as in the schema; "" none came */
	int verify_error; /* -1 not judged; 0: the chain and the name hold */
};
/* Has the certificate another issuer, key or name than it should? Not where its time alone is
 * wrong: the clock may be this machine's. */
bool handshake_is_another(const struct handshake_result *result);
/* Called before each step, when the chain has come, and when it was judged. */
typedef void handshake_watch_fn(void *arg, const struct handshake_result *result);

void handshake_try(struct handshake_result *result, const struct handshake_plan *plan,
	handshake_watch_fn *watch, void *arg);
/* What such a handshake says first, the same bytes but for what is random in them; 0: that is no
 * name, or there is no room. Of the plan only name, talk and protocol count. */
size_t handshake_hello(void *hello, size_t room, const struct handshake_plan *plan);
/* Writes what is known so far into the fields of a measurement. */
void handshake_note(struct measurement *m, const struct handshake_result *result);

/* Looks at a certificate in a handshake that somebody else makes (curl). */
struct handshake_witness {
	const struct handshake_store *store; /* as in the plan */
	const char *name, *address;
	char chain_sha256[HANDSHAKE_CHAIN_TEXT]; /* as in the result, "" at first */
	int verify_error; /* as in the result, -1 at first */
};
/* Takes the witness to an SSL_CTX, which then minds no certificate. */
void handshake_attend(void *ssl_ctx, void *witness);
/* Has a handshake of somebody else's (curl) fail where it is not TLS 1.3; no certificate is
 * minded. The hello may then offer what others offer, too. */
void handshake_insist(void *ssl_ctx);
void handshake_note_witness(
	struct measurement *m, const struct handshake_witness *witness);
