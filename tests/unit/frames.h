#pragma once

#include <stdint.h>
#include <string.h>

/* Frames written by hand, for whoever reads captures. */

struct frame {
	uint8_t bytes[256];
	size_t n;
};

static void
frame_add(struct frame *f, const void *bytes, size_t n)
{
	memcpy(f->bytes + f->n, bytes, n);
	f->n += n;
}

static void
frame_add_number(struct frame *f, uint64_t number, size_t bytes)
{
	while (bytes-- > 0)
		f->bytes[f->n++] = (uint8_t)(number >> 8 * bytes);
}

static void
frame_add_tcp(struct frame *f, uint32_t seq, uint8_t flags, unsigned bytes)
{
	frame_add_number(f, 443, 2);
	frame_add_number(f, 5000, 2);
	frame_add_number(f, seq, 4);
	frame_add_number(f, 77, 4);
	frame_add_number(f, bytes / 4 << 4, 1);
	frame_add_number(f, flags, 1);
	frame_add(f, "\x01\x00\x00\x00\x00\x00", 6);
}

/* 198.51.100.7:443 -> 192.0.2.9:5000, ${payload} bytes of which none are here; options:
 * MSS 1460, timestamps 0x01020304 and 0x05060708, one SACK block. */
static void
frame_add_ip4(struct frame *f, uint32_t seq, uint8_t flags, uint16_t payload)
{
	frame_add(f, "\x45\x00", 2);
	frame_add_number(f, 20u + 44 + payload, 2);
	frame_add(f, "\x12\x34\x40\x00\x39\x06\x00\x00\xc6\x33\x64\x07\xc0\x00\x02\x09",
		16);
	frame_add_tcp(f, seq, flags, 44);
	frame_add(f, "\x02\x04\x05\xb4", 4);
	frame_add(f, "\x08\x0a\x01\x02\x03\x04\x05\x06\x07\x08", 10);
	frame_add(f, "\x05\x0a\x00\x00\x10\x00\x00\x00\x20\x00", 10);
}

/* The same segment without options, [2001:db8::7]:443 -> [2001:db8::9]:5000, behind one
 * header of hop-by-hop options. */
static void
frame_add_ip6(struct frame *f, uint32_t seq, uint8_t flags, uint16_t payload)
{
	static const uint8_t from[16] = {0x20, 1, 0xd, 0xb8, [15] = 7},
			     to[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};

	frame_add(f, "\x60\x00\x00\x00", 4);
	frame_add_number(f, 8u + 20 + payload, 2);
	frame_add(f, "\x00\x3a", 2);
	frame_add(f, from, sizeof from);
	frame_add(f, to, sizeof to);
	frame_add(f, "\x06\x00\x01\x04\x00\x00\x00\x00", 8);
	frame_add_tcp(f, seq, flags, 20);
}
