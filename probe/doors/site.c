#include "probe/doors/site.h"

#include <string.h>
#include <strings.h>

#define NAME_BYTES 254

/* The host of an absolute URI (RFC 3986 section 3.2); false: a path on the same host. */
static bool
cut_host(struct span *host, struct span location)
{
	const char *end = location.at + location.len;
	const char *at = memchr(location.at, '/', location.len);

	if (!at || end - at < 2 || at[1] != '/' || (at > location.at && at[-1] != ':'))
		return false;
	host->at = at + 2;
	host->len = 0;
	while (host->at + host->len < end && !memchr("/?#", host->at[host->len], 3)) {
		/* What stands before '@' is whoever asks, not whom. */
		if (host->at[host->len] == '@') {
			host->at += host->len + 1;
			host->len = 0;
			continue;
		}
		host->len++;
	}
	return true;
}

/* From the last dot but one on. */
static const char *
last_labels(const char *name)
{
	const char *dot = strrchr(name, '.');

	while (dot && dot > name)
		if (*--dot == '.')
			return dot + 1;
	return name;
}

bool
site_is_another(struct span location, const char *host)
{
	char name[NAME_BYTES];
	struct span there;
	size_t n = 0;

	if (!location.len || !host[0] || !cut_host(&there, location))
		return false;
	while (n < there.len && n < sizeof(name) - 1 && there.at[n] &&
		there.at[n] != ':')
		n++;
	memcpy(name, there.at, n);
	name[n] = 0;
	return n > 0 && strcasecmp(last_labels(name), last_labels(host)) != 0;
}
