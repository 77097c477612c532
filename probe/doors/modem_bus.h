#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * sd-bus, loaded by the child that needs it: linked to the program, it and what it brings
 * along would cost the probe 0.8 MB at rest. Each member is the function of
 * that name.
 */
#define MODEM_BUS_FUNCTIONS(OF)                                                        \
	OF(sd_bus_open_system)                                                         \
	OF(sd_bus_is_ready)                                                            \
	OF(sd_bus_process)                                                             \
	OF(sd_bus_wait)                                                                \
	OF(sd_bus_call)                                                                \
	OF(sd_bus_close_unref)                                                         \
	OF(sd_bus_message_new_method_call)                                             \
	OF(sd_bus_message_set_auto_start)                                              \
	OF(sd_bus_message_append)                                                      \
	OF(sd_bus_message_unref)                                                       \
	OF(sd_bus_message_enter_container)                                             \
	OF(sd_bus_message_exit_container)                                              \
	OF(sd_bus_message_peek_type)                                                   \
	OF(sd_bus_message_read)                                                        \
	OF(sd_bus_message_read_basic)                                                  \
	OF(sd_bus_message_skip)

struct modem_bus {
#define MEMBER(name) __typeof__(name) *name;
	MODEM_BUS_FUNCTIONS(MEMBER)
#undef MEMBER
};
/* False: this machine has no such library, or one that lacks a function. It stays loaded. */
bool modem_bus_load(struct modem_bus *bus);

/* A message to read from, and who reads it. */
struct modem_message {
	const struct modem_bus *bus;
	sd_bus_message *at;
};
#define MESSAGE_ENTER(m, ...)                                                          \
	((m)->bus->sd_bus_message_enter_container((m)->at, __VA_ARGS__))
#define MESSAGE_EXIT(m) ((m)->bus->sd_bus_message_exit_container((m)->at))
#define MESSAGE_PEEK(m, ...) ((m)->bus->sd_bus_message_peek_type((m)->at, __VA_ARGS__))
#define MESSAGE_READ(m, ...) ((m)->bus->sd_bus_message_read((m)->at, __VA_ARGS__))
#define MESSAGE_READ_BASIC(m, ...)                                                     \
	((m)->bus->sd_bus_message_read_basic((m)->at, __VA_ARGS__))
#define MESSAGE_SKIP(m, ...) ((m)->bus->sd_bus_message_skip((m)->at, __VA_ARGS__))
