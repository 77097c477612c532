#pragma once

#include <stdbool.h>

#include "common/measurement.h"

/* What a network interface is, from a tree like /sys/class/net (sysfs-class-net of the
 * kernel's ABI). Never which network it is in. */
struct device {
	enum operstate operstate; /* unknown: nobody says */
	bool wireless; /* Wi-Fi */
	bool mobile; /* a mobile network's */
};
#define DEVICE_TREE "/sys/class/net"
void device_read(struct device *device, const char *root, const char *interface);
