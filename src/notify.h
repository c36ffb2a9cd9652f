// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notify.h - what systemd wants to hear from a service of Type=notify.
 *
 * One datagram to the socket that NOTIFY_SOCKET names (sd_notify(3)); without that
 * variable, nothing.
 */
#ifndef VIFPIN_NOTIFY_H
#define VIFPIN_NOTIFY_H

/* "READY=1", "STOPPING=1", ... What cannot be sent is not: nobody could mend it. */
void notify(const char *state);

#endif
