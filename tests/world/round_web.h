#pragma once

#include "tests/world/climb.h"

/* Checks that ask a server for more than a sign of life. */
void round_web_tls(struct climb *c, const struct country_target *t);
void round_web_http(struct climb *c, const struct country_target *t);
void round_web_large(struct climb *c, const struct country_target *t);
void round_web_compare(struct climb *c, const struct country_target *t);
