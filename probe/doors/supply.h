#pragma once

#include <stdbool.h>

#include "common/measurement.h"

/*
 * What feeds this machine, from trees like the kernel's own. A file that is not there, or
 * says something else, says nothing.
 */
struct supply_state {
	enum supply supply;
	int percent; /* charge of its batteries together; -1 none tells */
};

/* A tree like /sys/class/power_supply (sysfs-class-power of the kernel's ABI): mains when a
 * Mains or USB supply is online, battery when a battery or UPS of the system discharges, mains
 * when one takes charge or is full, unknown where nothing says. Batteries of mice and the like (scope
 * Device) are no supplies. A board with a battery is seen where a kernel driver makes a
 * supply of it; one that speaks to a program of its own alone, over I2C or USB, is not. */
struct supply_state supply_read(const char *root);

/* Does the board say that its voltage is too low: -1 it has no such sensor, 0 no, 1 yes, at
 * this moment (the kernel asks every two seconds, and forgets). From a tree like /sys: a
 * sensor called rpi_volt in class/hwmon, in0_lcrit_alarm (raspberrypi-hwmon of the kernel's
 * documentation), or where there is none, bit 16 of soc:firmware/get_throttled (Raspberry
 * Pi's kernels before 4.20: the later ones warn of whoever reads it). */
int supply_undervoltage(const char *root);
