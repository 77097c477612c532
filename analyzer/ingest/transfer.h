#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The analyzer's side of /v1/speed: bytes to measure with, both ways, and what its own
 * kernel knows of the transfer. The answers are libmicrohttpd's enum MHD_Result.
 */
#define TRANSFER_BYTES_MAX (2 * 1024 * 1024)

struct MHD_Connection;

/* Nothing of an upload is kept but how much there was, and when. Starts with {0}. */
struct transfer_upload {
	int64_t bytes, first_us, last_us; /* CLOCK_BOOTTIME */
};
void transfer_count(struct transfer_upload *upload, size_t n);
int transfer_answer(
	struct MHD_Connection *connection, const struct transfer_upload *upload);

/* As many bytes as the query asks for; with none the sender's view of the transfer before.
 * noise: TRANSFER_BYTES_MAX bytes, the same for everybody, since under TLS any bytes are
 * noise on the wire. */
int transfer_send(struct MHD_Connection *connection, uint8_t *noise);
