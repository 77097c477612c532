#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/*
 * Is this address one of the public Internet's? False for every range of the IANA IPv4
 * and IPv6 special-purpose address registries (RFC 6890 and its updates), for multicast
 * and class E, and for every IPv6 outside 2000::/3. So an IPv6 address that carries an
 * IPv4 one inside (mapped, compatible, 6to4, NAT64, Teredo) is refused whatever it
 * carries. Judges the bytes of the socket address: the spelling it came from plays no
 * part. Pure.
 */
bool address_is_public(const struct sockaddr *address);
