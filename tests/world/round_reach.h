#pragma once

#include "tests/world/climb.h"

/* Checks of one packet each way, or a few. */
void round_reach_ping(struct climb *c, const struct country_target *t);
void round_reach_tcp(struct climb *c, const struct country_target *t);
void round_reach_quic(struct climb *c, const struct country_target *t);
void round_reach_dns(struct climb *c, const struct country_target *t);
void round_reach_core(struct climb *c, const struct country_target *t);
void round_reach_oneway(struct climb *c);
