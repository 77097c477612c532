/* Whatever passes the lab's box on the way: what it forges is whole and lies between the two
 * ends of the packet that it saw, and what it cannot read passes. The input is packets, each
 * behind a byte for its direction and two for its length. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lab/onpath_rules.h"
#include "tests/unit/wire.h"

#define HEAD_BYTES 3

static const struct onpath_rules rules = {
	.drop_hello = true,
	.listed = {"www.listed.org", "www.example.org"},
	.listed_n = 2,
	.police = {{"ample", 1000, 2000}},
	.police_n = 1,
	.freeze_bytes = 700,
	.prefixes = {{.version = 4, .address = {203}, .bits = 9},
		{.version = 6, .address = {0x20}, .bits = 5}},
	.prefixes_n = 2,
	.race = {{"www.example.org", {203, 0, 113, 9}, {0x20, 1}}},
	.race_n = 1,
	.race_delay_ns = 1000,
	.redirect = {{"www.example.org", "http://block.example/"}},
	.redirect_n = 1,
	.reset = {"www.listed.org"},
	.reset_n = 1,
};

static void
check(const struct onpath_verdict *verdict, const uint8_t *bytes, size_t n)
{
	struct onpath_packet seen, made;
	bool is_seen = onpath_packet_read(&seen, bytes, n);

	must(verdict->forged_n <= ONPATH_FORGED_MOST);
	must(is_seen || (verdict->pass && verdict->forged_n == 0));
	must(!is_seen || (seen.payload >= bytes &&
				 seen.payload + seen.payload_bytes <= bytes + n));
	for (size_t i = 0; i < verdict->forged_n; i++) {
		const uint8_t *forged = verdict->forged[i].bytes;
		bool back = verdict->forged[i].back;

		must(verdict->forged[i].n <= ONPATH_FORGE_BYTES);
		must(wire_is_whole(forged, verdict->forged[i].n));
		must(onpath_packet_read(&made, forged, verdict->forged[i].n));
		must(made.version == seen.version && made.protocol == seen.protocol);
		must(memcmp(made.to, back ? seen.from : seen.to, seen.address_bytes) ==
			0);
		must(made.from_port == (back ? seen.to_port : seen.from_port));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct onpath *onpath = onpath_rules_open(&rules);
	char name[ONPATH_NAME_BYTES];
	struct onpath_question question;
	struct onpath_verdict verdict;
	int64_t now_ns = 0;

	must(onpath != NULL);
	onpath_packet_hello(name, data, size);
	must(strlen(name) < sizeof(name));
	onpath_packet_request(name, data, size);
	must(strlen(name) < sizeof(name));
	if (onpath_packet_question(&question, data, size))
		must(question.bytes <= size &&
			strlen(question.name) < sizeof(question.name));
	while (size >= HEAD_BYTES) {
		size_t n = (size_t)data[1] << 8 | data[2];
		bool leftward = data[0] & 1;

		data += HEAD_BYTES;
		size -= HEAD_BYTES;
		n = n < size ? n : size;
		onpath_rules_judge(
			&verdict, onpath, data, n, leftward, now_ns += 1000000);
		check(&verdict, data, n);
		data += n;
		size -= n;
	}
	onpath_rules_close(onpath);
	return 0;
}
