#pragma once

#include <stdint.h>

#include "common/crypto.h"
#include "common/err.h"

/*
 * The probe's identity in its state folder: one epoch key per enrolment for now, the
 * next segment number, and what a boot needs to be counted. Every change is durable
 * before it is used: a number is never given out twice, whatever happens to the power.
 */
struct keys;

/* Makes a new identity; ERR_EXISTS when there is one. */
NODISCARD enum err keys_create(const char *dir);
/* ERR_NOT_FOUND when there is none, ERR_FORMAT when the file is damaged or foreign. Counts
 * a new boot when boot_id(5) differs from the one last seen, or when the clocks stand
 * before this boot's origins, and writes that down. */
NODISCARD enum err keys_open(struct keys **keys, const char *dir);
void keys_close(struct keys *keys);

const struct crypto_key *keys_signer(const struct keys *keys);
const char *keys_epoch(const struct keys *keys); /* 64 hex digits */
/* 0, 1, 2 ... inside the epoch; origin of this boot's time scale (CLOCK_BOOTTIME and
 * CLOCK_MONOTONIC_RAW when its first segment was opened). */
uint32_t keys_boot(const struct keys *keys);
int64_t keys_boot_origin_us(const struct keys *keys);
int64_t keys_raw_origin_us(const struct keys *keys);
/* The id of the newest segment, and whether there is one. */
bool keys_previous(const struct keys *keys, uint8_t id[static HASH_BYTES]);

/* Takes the next segment number; durable before it returns. */
NODISCARD enum err keys_take_seq(struct keys *keys, uint64_t *seq);
NODISCARD enum err keys_set_previous(
	struct keys *keys, const uint8_t id[static HASH_BYTES]);
