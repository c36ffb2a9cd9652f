// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ledger-designs [RUNS [VIFS...]]: what keeping the places of all vifs costs one call of the hook,
 * in ways that it could be done, with 0, 100, 1,000 and 4,000 other vifs of 8 queues:
 *
 *	copied	one file of lines, read piece by piece, and written the same way: what has not
 *changed is copied, as vifpin does it pieces	the same, but all is written anew lines	the same,
 *read and written as a whole json-c	the same places, by json-c files	a directory with one
 *file for each vif, of which one is written
 *	told	somebody who has all in memory is told of the change, and writes the file: what the
 *		telling takes is not counted
 *
 * Each has a temporary file, fsync(), rename() and the fsync() of the directory. Each run is a
 * process of its own, whose memory is fresh. The files are in TMPDIR.
 *
 * Prints a table in Markdown: microseconds, medians of RUNS (21).
 */
#include "ledger.h"
#include "ledger_lines.h"
#include "util.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUEUES   8
#define CPUS     64
#define RUNS_MAX 1000

/* What one call does, in order. */
enum step { READ, PARSE, FORMAT, WRITE, STEPS };

static unsigned int n_runs;
static double (*times)[RUNS_MAX]; /* of each step, and of all together; shared with the runs */
static int dir_fd;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void check(bool ok, const char *what)
{
	if (!ok)
		err(1, "%s", what);
}

/* --- ledgers ------------------------------------------------------------------------------- */

static void add_vif(struct ledger *ledger, unsigned int domid)
{
	struct place *places = calloc(QUEUES, sizeof *places);
	struct vif_entry *vif;
	char domain[32];

	snprintf(domain, sizeof domain, "guest%u", domid);
	vif = ledger_enter(ledger, (struct vif_id){ domid, 0 }, domain);
	check(places && vif, "memory");
	snprintf(vif->uuid, sizeof vif->uuid, "%08u-0000-4000-8000-000000000000", domid);
	snprintf(vif->mac, sizeof vif->mac, "00:16:3e:00:%02x:%02x", domid >> 8 & 0xff,
		domid & 0xff);
	vifname_default_dev(vif->id, vif->dev);
	vif->state = VIF_PINNED;
	vif->since = 1795328303;
	for (unsigned int q = 0; q < QUEUES; q++)
		places[q] = (struct place){ { (int)(domid + 2 * q) % CPUS,
			(int)(domid + 2 * q + 1) % CPUS } };
	ledger_set_places(vif, places, QUEUES);
}

static void make_ledger(struct ledger *ledger, unsigned int vifs)
{
	*ledger = (struct ledger){ .boot_id = "bench" };
	for (unsigned int domid = 1; domid <= vifs; domid++)
		add_vif(ledger, domid);
}

/* By json-c, as the ledger was written until it was written in lines. */
static char *format_json(const struct ledger *ledger)
{
	_cleanup_free_ char *vifs = ledger_format_vifs(ledger);
	char *text;

	check(vifs && asprintf(&text,
			      "{\"version\": 1, \"boot_id\": \"%s\", \"remembered\": [], %s",
			      ledger->boot_id, vifs + 1) > 0,
		"memory");
	return text;
}

/* --- files --------------------------------------------------------------------------------- */

static char *read_file(const char *name, size_t *len)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	check(fd >= 0 && fstat(fd, &st) == 0, name);
	text = malloc((size_t)st.st_size + 1);
	check(text && read(fd, text, (size_t)st.st_size) == st.st_size, name);
	close(fd);
	*len = (size_t)st.st_size;
	text[*len] = '\0';
	return text;
}

static int open_new(void)
{
	unlinkat(dir_fd, "new", 0);
	return openat(dir_fd, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

/* Puts it in the place of a file. */
static void put_new(int fd, const char *name)
{
	check(fsync(fd) == 0 && close(fd) == 0, "new");
	check(renameat(dir_fd, "new", dir_fd, name) == 0, name);
	check(fsync(dir_fd) == 0, "directory");
}

static void replace_file(const char *name, const char *text)
{
	size_t len = strlen(text);
	int fd = open_new();

	check(fd >= 0 && write(fd, text, len) == (ssize_t)len, "new");
	put_new(fd, name);
}

/* Calls `each` with the name of every file. */
static void each_file(void (*each)(const char *name, void *data), void *data)
{
	DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	check(dir, "directory");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			each(entry->d_name, data);
	}
	closedir(dir);
}

static void remove_one(const char *name, void *data)
{
	(void)data;
	unlinkat(dir_fd, name, 0);
}

/* --- designs ------------------------------------------------------------------------------- */

struct lap {
	unsigned int run;
	double start;
};

/* Notes that a step is over. */
static void end_step(struct lap *lap, enum step step)
{
	double t = now();

	times[step][lap->run] = t - lap->start;
	times[STEPS][lap->run] += t - lap->start;
	lap->start = t;
}

typedef int parse_function(const char *text, size_t len, struct ledger *out, struct err *err);
typedef char *format_function(const struct ledger *ledger);

static void one_file(
	unsigned int run, unsigned int vifs, parse_function *parse, format_function *format)
{
	struct lap lap = { run, now() };
	struct ledger ledger;
	char *text, *changed;
	size_t len;

	text = read_file("ledger", &len);
	end_step(&lap, READ);
	check(parse(text, len, &ledger, NULL) == 0, "ledger");
	end_step(&lap, PARSE);
	add_vif(&ledger, vifs + 1);
	changed = format(&ledger);
	end_step(&lap, FORMAT);
	replace_file("ledger", changed);
	end_step(&lap, WRITE);
	/* As it was. */
	replace_file("ledger", text);
	free(text);
	free(changed);
	ledger_clear(&ledger);
}

/* Reads the lines, 64 KB at most at a time; the file stays open. */
static int read_pieces(struct ledger *ledger)
{
	int fd = openat(dir_fd, "ledger", O_RDONLY | O_CLOEXEC);
	struct ledger_lines lines = { 0 };
	size_t size = 64 << 10, have = 0, used;
	char *buf = malloc(size);
	ssize_t n;

	check(fd >= 0 && buf, "ledger");
	while ((n = read(fd, buf + have, size - have)) > 0) {
		have += (size_t)n;
		check(ledger_lines_read(&lines, buf, have, &used), "ledger");
		have -= used;
		memmove(buf, buf + used, have);
	}
	check(n == 0 && ledger_lines_end(&lines, ledger), "ledger");
	free(buf);
	return fd;
}

struct files {
	int old_fd, new_fd;
};

static int write_piece(const char *piece, size_t n, void *data)
{
	const struct files *files = data;

	return write(files->new_fd, piece, n) == (ssize_t)n ? 0 : -1;
}

static int copy_piece(size_t at, size_t n, void *data)
{
	const struct files *files = data;
	char buf[32 << 10];

	for (size_t part; n; at += part, n -= part) {
		part = n < sizeof buf ? n : sizeof buf;
		if (pread(files->old_fd, buf, part, (off_t)at) != (ssize_t)part ||
			write_piece(buf, part, data) != 0)
			return -1;
	}
	return 0;
}

/* Writes it, and copies what it was read from, unless there is nothing. */
static int write_pieces(const struct ledger *ledger, int old_fd)
{
	struct files files = { old_fd, open_new() };
	const struct ledger_output output = {
		write_piece,
		old_fd < 0 ? NULL : copy_piece,
		&files,
	};

	check(files.new_fd >= 0 && ledger_write(ledger, &output) == 0, "new");
	return files.new_fd;
}

/* What reading takes is part of parsing here, and formatting part of writing. */
static void in_pieces(unsigned int run, unsigned int vifs, bool copied)
{
	struct lap lap = { run, now() };
	struct ledger ledger;
	int fd = read_pieces(&ledger);

	end_step(&lap, PARSE);
	add_vif(&ledger, vifs + 1);
	put_new(write_pieces(&ledger, copied ? fd : -1), "ledger");
	end_step(&lap, WRITE);
	close(fd);
	ledger_release(&ledger, (struct vif_id){ vifs + 1, 0 });
	ledger.n_remembered = 0;
	replace_file("ledger", ledger_format(&ledger));
}

static void copied(unsigned int run, unsigned int vifs)
{
	in_pieces(run, vifs, true);
}

static void pieces(unsigned int run, unsigned int vifs)
{
	in_pieces(run, vifs, false);
}

static void lines(unsigned int run, unsigned int vifs)
{
	one_file(run, vifs, ledger_parse, ledger_format);
}

static void json(unsigned int run, unsigned int vifs)
{
	one_file(run, vifs, ledger_parse_json, format_json);
}

struct texts {
	struct text {
		char *text;
		size_t len;
	} * v;
	size_t n;
};

static void read_one(const char *name, void *data)
{
	struct texts *texts = data;
	struct text *text = array_add(&texts->v, &texts->n, sizeof *text);

	check(text, "memory");
	text->text = read_file(name, &text->len);
}

static void files(unsigned int run, unsigned int vifs)
{
	struct lap lap = { run, now() };
	struct texts texts = { 0 };
	struct ledger one;
	char *changed;

	each_file(read_one, &texts);
	end_step(&lap, READ);
	for (size_t i = 0; i < texts.n; i++) {
		check(ledger_parse(texts.v[i].text, texts.v[i].len, &one, NULL) == 0, "file");
		ledger_clear(&one);
	}
	end_step(&lap, PARSE);
	one = (struct ledger){ .boot_id = "bench" };
	add_vif(&one, vifs + 1);
	changed = ledger_format(&one);
	end_step(&lap, FORMAT);
	replace_file("added", changed);
	end_step(&lap, WRITE);
	unlinkat(dir_fd, "added", 0);
	for (size_t i = 0; i < texts.n; i++)
		free(texts.v[i].text);
	free(texts.v);
	free(changed);
	ledger_clear(&one);
}

static struct ledger told_ledger;

static void told(unsigned int run, unsigned int vifs)
{
	struct lap lap = { run, now() };

	(void)vifs;
	put_new(write_pieces(&told_ledger, -1), "ledger");
	end_step(&lap, WRITE);
}

/* --- the table ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(
	unsigned int vifs, const char *name, void (*design)(unsigned int run, unsigned int vifs))
{
	int status;

	fflush(stdout);
	memset(times, 0, (STEPS + 1) * sizeof *times);
	for (unsigned int run = 0; run < n_runs; run++) {
		if (fork() == 0) {
			design(run, vifs);
			_exit(0);
		}
		check(wait(&status) > 0 && status == 0, name);
	}
	printf("| %u | %s |", vifs, name);
	for (unsigned int step = 0; step <= STEPS; step++) {
		qsort(times[step], n_runs, sizeof **times, compare);
		printf(" %.0f |", times[step][n_runs / 2]);
	}
	printf("\n");
	each_file(remove_one, NULL);
}

/* A file for each of the vifs, with a ledger of that vif only. */
static void write_files(unsigned int vifs)
{
	for (unsigned int domid = 1; domid <= vifs; domid++) {
		struct ledger one = { .boot_id = "bench" };
		char name[16], *text;

		add_vif(&one, domid);
		text = ledger_format(&one);
		snprintf(name, sizeof name, "%u", domid);
		replace_file(name, text);
		free(text);
		ledger_clear(&one);
	}
}

static void measure_all(unsigned int vifs)
{
	char *text;

	make_ledger(&told_ledger, vifs);
	text = ledger_format(&told_ledger);
	replace_file("ledger", text);
	measure(vifs, "copied", copied);
	replace_file("ledger", text);
	measure(vifs, "pieces", pieces);
	replace_file("ledger", text);
	measure(vifs, "lines", lines);
	free(text);
	text = format_json(&told_ledger);
	replace_file("ledger", text);
	measure(vifs, "json-c", json);
	free(text);
	write_files(vifs);
	measure(vifs, "files", files);
	add_vif(&told_ledger, vifs + 1);
	measure(vifs, "told", told);
	ledger_clear(&told_ledger);
}

int main(int argc, char **argv)
{
	static char *usual[] = { "0", "100", "1000", "4000", NULL };
	const char *tmp = getenv("TMPDIR");
	char **vifs = argc > 2 ? argv + 2 : usual, *dir;

	n_runs = argc > 1 ? (unsigned int)atoi(argv[1]) : 21;
	if (n_runs < 1 || n_runs > RUNS_MAX)
		errx(2, "usage: ledger-designs [RUNS [VIFS...]]");
	check(asprintf(&dir, "%s/ledger-designs.XXXXXX", tmp ? tmp : "/tmp") > 0, "memory");
	check(mkdtemp(dir), dir);
	times = mmap(NULL, (STEPS + 1) * sizeof *times, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(times != MAP_FAILED, "memory");
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(dir_fd >= 0, dir);
	printf("| vifs | design | read | parse | format | write | all, us |\n");
	printf("|---|---|---|---|---|---|---|\n");
	for (; *vifs; vifs++)
		measure_all((unsigned int)atoi(*vifs));
	rmdir(dir);
	free(dir);
	return 0;
}
