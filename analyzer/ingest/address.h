#pragma once

#include <stdbool.h>

#include "common/err.h"

/* "ADDR:PORT" or "[ADDR6]:PORT", numeric, is what servers listen on. */

/* True for an address of the loopback interface. */
bool address_is_loopback(const char *text);
/* A listening socket. Failures are logged with the address. Port 0 takes a free one. */
NODISCARD enum err address_listen(int *fd, const char *text);
/* The same for datagrams: a socket that receives there. */
NODISCARD enum err address_receive(int *fd, const char *address);
/* Where the socket listens, as text for a person. */
void address_name(char out[static 64], int fd);
