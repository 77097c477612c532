#include "common/radio.h"

#include <stdio.h>
#include <string.h>

/* The newest first: a modem names all that it uses, or could in that cell. */
static const struct {
	int64_t flags;
	uint8_t generation;
	const char *name;
} names[] = {
	{16384 | 32768, 5, "LTE and 5G"},
	{32768, 5, "5G"},
	{16384, 4, "LTE"},
	{65536, 4, "LTE-M"},
	{131072, 4, "NB-IoT"},
	{512, 3, "3G (HSPA+)"},
	{256, 3, "3G (HSPA)"},
	{64, 3, "3G (HSPA)"},
	{128, 3, "3G (HSPA)"},
	{32, 3, "3G (UMTS)"},
	{16, 2, "2G (EDGE)"},
	{8, 2, "2G (GPRS)"},
	{2, 2, "2G (GSM)"},
	{4, 2, "2G (GSM)"},
};

uint8_t
radio_generation(int64_t access_tech)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if ((access_tech & names[i].flags) == names[i].flags)
			return names[i].generation;
	return 0;
}

void
radio_text(char text[static RADIO_TEXT_BYTES], int64_t access_tech)
{
	const char *name = access_tech ? "another technology" : "no network";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if ((access_tech & names[i].flags) == names[i].flags) {
			name = names[i].name;
			break;
		}
	strcpy(text, name);
}

void
radio_line(char line[static RADIO_LINE_BYTES], const struct radio *radio)
{
	char now[RADIO_TEXT_BYTES], before[RADIO_TEXT_BYTES] = "";
	int n = 0;

	radio_text(now, radio->access_tech);
	if (radio->before >= 0)
		radio_text(before, radio->before);
	line[0] = '\0';
	if (before[0] && strcmp(before, now) != 0)
		n = snprintf(line, RADIO_LINE_BYTES, "%s -> ", before);
	n += snprintf(line + n, RADIO_LINE_BYTES - (size_t)n, "%s", now);
	if (radio->signal_percent >= 0)
		snprintf(line + n, RADIO_LINE_BYTES - (size_t)n, ", signal %lld%%",
			(long long)radio->signal_percent);
}
