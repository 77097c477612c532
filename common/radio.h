#pragma once

#include <stdint.h>

/*
 * Access technologies as a person calls them, from MMModemAccessTechnology's flags
 * (access_tech of the schema): "LTE", "2G (EDGE)", "3G (HSPA)", "5G", "LTE and 5G",
 * "no network" where none is in use, "another technology". Pure.
 */
#define RADIO_TEXT_BYTES 24
void radio_text(char text[static RADIO_TEXT_BYTES], int64_t access_tech);

/* The newest generation among them, 2 to 5; 0: none that is known. */
uint8_t radio_generation(int64_t access_tech);

/* "2G (EDGE), signal 60 %", after "LTE -> " where it was another one before (-1: it is not
 * known); without the signal where that is -1. */
#define RADIO_LINE_BYTES 80
struct radio {
	int64_t access_tech, before, signal_percent;
};
void radio_line(char line[static RADIO_LINE_BYTES], const struct radio *radio);
