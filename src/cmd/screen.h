// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * screen.h - the terminal as a screen of lines, with keys. The only user of ncurses.
 *
 * ncurses is loaded when the screen is opened: all else that vifpin does can do without it, and
 * starts faster.
 *
 * There is one screen at most. While it is open, nothing else may be printed.
 */
#pragma once

#include "err.h"

#include <stddef.h>

/*
 * Opens it on standard input and output, and from then on takes SIGINT, SIGTERM, SIGHUP and
 * SIGWINCH for screen_wait(). -errno with a sentence, which names the terminal if that cannot be
 * used so.
 */
int screen_open(struct err *err);

/* Gives the terminal back as it was; what was shown stays. Does nothing when it is not open. */
void screen_close(void);

size_t screen_lines(void);
size_t screen_columns(void);

enum screen_look { SCREEN_PLAIN, SCREEN_BOLD, SCREEN_REVERSE };

/*
 * Puts the first `len` bytes of the text into a line, cut where the screen ends; in reverse, the
 * whole line is. A line that is not there is left out. It is seen after screen_show().
 */
void screen_put(size_t line, const char *text, size_t len, enum screen_look look);
void screen_show(void);

/* What ends screen_wait(), beside a key: time, a new size of the screen, or a signal to end. */
enum { SCREEN_TIMEOUT = -1, SCREEN_RESIZED = -2, SCREEN_ENDED = -3 };

/* Waits for so many milliseconds at most. Returns one of these, or the key, a number above 255 for
 * one that is no character. The end of the terminal is SCREEN_ENDED too. */
int screen_wait(int ms);
