#pragma once

/*
 * What can go wrong in our surroundings: disk, config, permission, peer. The network's
 * misbehaviour is never one of these, it is data. Logged once, where first seen; callers
 * pass it up silently.
 */
enum err {
	OK = 0,
	ERR_IO, /* the disk, a socket of ours, a descriptor */
	ERR_FULL, /* no space left */
	ERR_CONFIG, /* a setting or a file a person wrote */
	ERR_PERMISSION, /* refused by the system, or by missing consent */
	ERR_PEER, /* the other program did not behave */
	ERR_FORMAT, /* bytes that are not what they claim to be */
	ERR_SIGNATURE, /* well formed, but not signed by whom it must be */
	ERR_NOT_FOUND,
	ERR_EXISTS, /* already there: a replay, a second enrolment */
	ERR_LIMIT, /* a quota, a size or a count was passed */
	ERR_USAGE, /* the command line */
};

#define NODISCARD __attribute__((warn_unused_result))

/* A few words for a person ("no space left"); never NULL. */
const char *err_text(enum err err);
