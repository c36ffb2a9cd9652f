// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notify.h - what systemd wants to hear from a service of Type=notify.
 *
 * One datagram to the socket that NOTIFY_SOCKET names (sd_notify(3)); without that
 * variable, nothing.
 */
#pragma once

/* "READY=1", "STOPPING=1", ... What cannot be sent is not: nobody could do anything about it. */
void notify(const char *state);
