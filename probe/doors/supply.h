#pragma once

#include "common/measurement.h"

/*
 * What feeds this machine, from a tree like /sys/class/power_supply (sysfs-class-power of
 * the kernel's ABI): mains when a Mains or USB supply is online or a battery of the system
 * takes charge, battery when one is discharging, unknown where nothing says. Batteries of
 * mice and the like (scope Device) are no supplies.
 */
enum supply supply_read(const char *root);
