// SPDX-License-Identifier: GPL-2.0-or-later
#include "screen.h"

#include "library.h"
#include "util.h"

/* Functions only: their addresses are looked up. */
#define NCURSES_NOMACROS

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <term.h>
#include <unistd.h>

/* Its ABI is in the name. */
#define LIBRARY "libncursesw.so.6"
_Static_assert(NCURSES_VERSION_MAJOR == 6, "the headers are of another ncurses than " LIBRARY);

/* What is used of it. */
#define FUNCTIONS(X)                                                                               \
	X(setupterm)                                                                               \
	X(set_curterm)                                                                             \
	X(del_curterm)                                                                             \
	X(newterm)                                                                                 \
	X(endwin)                                                                                  \
	X(delscreen)                                                                               \
	X(tigetstr)                                                                                \
	X(cbreak)                                                                                  \
	X(noecho)                                                                                  \
	X(curs_set)                                                                                \
	X(newwin)                                                                                  \
	X(keypad)                                                                                  \
	X(nodelay)                                                                                 \
	X(resizeterm)                                                                              \
	X(getmaxy)                                                                                 \
	X(getmaxx)                                                                                 \
	X(wmove)                                                                                   \
	X(wclrtoeol)                                                                               \
	X(waddnstr)                                                                                \
	X(wattrset)                                                                                \
	X(wchgat)                                                                                  \
	X(wrefresh)                                                                                \
	X(wgetch)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} curses;
static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };

static SCREEN *terminal;
static WINDOW *window;
static int signals = -1;
static sigset_t signals_before;

/* --- opening ------------------------------------------------------------------------------ */

static int load(struct err *err)
{
	struct err why;
	int r = library_load(LIBRARY, names, ARRAY_SIZE(names), &curses, &why);

	return r < 0 ? err_set(err, -r, "the screen needs ncurses: %s; install it, or use -b",
			       why.msg)
		     : 0;
}

/* newterm() takes any terminal that is known, and without cursor addressing can do nothing with it;
 * where it fails, it leaks. */
static bool has_screen(void)
{
	bool has;

	if (curses.setupterm(NULL, STDOUT_FILENO, &(int){ 0 }) != OK)
		return false;
	has = curses.tigetstr("cup") != NULL;
	curses.del_curterm(curses.set_curterm(NULL));
	return has;
}

static int open_terminal(struct err *err)
{
	const char *name = getenv("TERM");

	/* ncurses takes characters apart by the locale. */
	setlocale(LC_CTYPE, "");
	if (has_screen())
		terminal = curses.newterm(NULL, stdout, stdin);
	return terminal ? 0
			: err_set(err, ENOTTY,
				  "the terminal '%s' is not known, or has no screen; set TERM, or "
				  "use -b",
				  name ? name : "");
}

static int take_signals(struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return err_set(err, errno, "cannot wait for signals: %m");
	sigprocmask(SIG_BLOCK, &set, &signals_before);
	return 0;
}

static void give_signals_back(void)
{
	if (signals >= 0) {
		close(signals);
		sigprocmask(SIG_SETMASK, &signals_before, NULL);
	}
	signals = -1;
}

int screen_open(struct err *err)
{
	int r = load(err);

	if (r == 0)
		r = take_signals(err);
	if (r == 0)
		r = open_terminal(err);
	if (r < 0) {
		give_signals_back();
		return r;
	}
	curses.cbreak();
	curses.noecho();
	curses.curs_set(0);
	window = curses.newwin(0, 0, 0, 0);
	if (!window) {
		screen_close();
		return err_no_memory(err);
	}
	curses.keypad(window, TRUE);
	curses.nodelay(window, TRUE);
	return 0;
}

void screen_close(void)
{
	if (!terminal)
		return;
	curses.endwin();
	curses.delscreen(terminal);
	terminal = NULL;
	window = NULL;
	give_signals_back();
}

/* --- drawing ------------------------------------------------------------------------------ */

size_t screen_lines(void)
{
	return (size_t)curses.getmaxy(window);
}

size_t screen_columns(void)
{
	return (size_t)curses.getmaxx(window);
}

/* What is too long goes on in the next line, which is put after it. */
void screen_put(size_t line, const char *text, size_t len, enum screen_look look)
{
	static const int attributes[] = {
		[SCREEN_PLAIN] = A_NORMAL,
		[SCREEN_BOLD] = A_BOLD,
		[SCREEN_REVERSE] = A_REVERSE,
	};

	if (line >= screen_lines())
		return;
	curses.wmove(window, (int)line, 0);
	curses.wclrtoeol(window);
	curses.wattrset(window, attributes[look]);
	curses.waddnstr(window, text, (int)len);
	curses.wattrset(window, A_NORMAL);
	if (look == SCREEN_REVERSE) {
		curses.wmove(window, (int)line, 0);
		curses.wchgat(window, -1, A_REVERSE, 0, NULL);
	}
}

void screen_show(void)
{
	curses.wrefresh(window);
}

/* --- waiting ------------------------------------------------------------------------------ */

static int take_signal(void)
{
	struct signalfd_siginfo info;
	struct winsize size;

	if (read(signals, &info, sizeof info) != sizeof info)
		return SCREEN_TIMEOUT;
	if (info.ssi_signo != SIGWINCH)
		return SCREEN_ENDED;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		curses.resizeterm(size.ws_row, size.ws_col);
	return SCREEN_RESIZED;
}

int screen_wait(int ms)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	/* What has been read already is not in the descriptor any more. There resizeterm() puts a
	 * key of its own, too. */
	int key = curses.wgetch(window);

	if (key != ERR)
		return key == KEY_RESIZE ? SCREEN_RESIZED : key;
	if (poll(fds, ARRAY_SIZE(fds), ms) <= 0)
		return SCREEN_TIMEOUT;
	if (fds[0].revents)
		return take_signal();
	key = curses.wgetch(window);
	return key != ERR ? key : SCREEN_ENDED;
}
