#include "analyzer/ingest/transfer.h"

#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "analyzer/reply.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/crypto.h"

static bool
read_tcp_info(struct tcp_info *tcp, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	socklen_t n = sizeof *tcp;

	memset(tcp, 0, sizeof *tcp);
	return info &&
	       getsockopt(info->connect_fd, IPPROTO_TCP, TCP_INFO, tcp, &n) == 0;
}

static int
answer_no_tcp_info(struct MHD_Connection *connection)
{
	return reply_problem(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		"the kernel does not tell about this connection", NULL);
}

/* What the sender's kernel knows of the transfer that ended on this connection. */
static int
answer_tcp_info(struct MHD_Connection *connection)
{
	struct tcp_info tcp;
	struct buf text = {0};
	int result;

	if (!read_tcp_info(&tcp, connection))
		return answer_no_tcp_info(connection);
	buf_printf(&text,
		"sndr_retrans %u\nsndr_segs_out %u\nsndr_rtt_us %u\n"
		"sndr_min_rtt_us %u\nsndr_bytes_sent %llu\nsndr_bytes_retrans %llu\n",
		tcp.tcpi_total_retrans, tcp.tcpi_segs_out, tcp.tcpi_rtt,
		tcp.tcpi_min_rtt, (unsigned long long)tcp.tcpi_bytes_sent,
		(unsigned long long)tcp.tcpi_bytes_retrans);
	result = reply_send(connection, MHD_HTTP_OK, &text, "text/plain");
	buf_free(&text);
	return result;
}

void
transfer_count(struct transfer_upload *upload, size_t n)
{
	upload->last_us = clock_boot_us();
	if (upload->bytes == 0)
		upload->first_us = upload->last_us;
	upload->bytes += (int64_t)n;
}

int
transfer_answer(struct MHD_Connection *connection, const struct transfer_upload *upload)
{
	struct tcp_info tcp;
	struct buf text = {0};
	int result;

	if (!read_tcp_info(&tcp, connection))
		return answer_no_tcp_info(connection);
	buf_printf(&text,
		"rcvr_bytes %lld\nrcvr_us %lld\nrcvr_rtt_us %u\nrcvr_segs_in %u\n",
		(long long)upload->bytes,
		(long long)(upload->last_us - upload->first_us), tcp.tcpi_rcv_rtt,
		tcp.tcpi_segs_in);
	result = reply_send(connection, MHD_HTTP_OK, &text, "text/plain");
	buf_free(&text);
	return result;
}

/* A block of the body is one TLS record, and the probe sees nothing of a record before
 * its last byte: a record must fit into one segment, or its 100 ms would be those of 16 kB
 * at a time. Each answer has its own length of them: always the same would be known again. */
#define SPEED_RECORD_LEAST_BYTES 960
#define SPEED_RECORD_MOST_BYTES 1280

static ssize_t
read_noise(void *arg, uint64_t at, char *out, size_t most)
{
	const uint8_t *noise = arg;
	size_t left = TRANSFER_BYTES_MAX - (size_t)at;
	size_t n = most < left ? most : left;

	memcpy(out, noise + at, n);
	return (ssize_t)n;
}

static size_t
draw_record_bytes(void)
{
	uint32_t draw;

	crypto_random(&draw, sizeof draw);
	return SPEED_RECORD_LEAST_BYTES +
	       draw % (SPEED_RECORD_MOST_BYTES - SPEED_RECORD_LEAST_BYTES + 1);
}

int
transfer_send(struct MHD_Connection *connection, uint8_t *noise)
{
	const char *bytes =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "bytes");
	struct MHD_Response *response;
	int result;
	uint64_t n;

	if (!bytes || !span_number(&n, (struct span){bytes, strlen(bytes)},
			      TRANSFER_BYTES_MAX))
		return reply_problem(connection, MHD_HTTP_BAD_REQUEST,
			"bytes must be a number from 0 to 2097152", NULL);
	if (n == 0)
		return answer_tcp_info(connection);
	response = MHD_create_response_from_callback(
		n, draw_record_bytes(), read_noise, noise, NULL);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(
		response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}
