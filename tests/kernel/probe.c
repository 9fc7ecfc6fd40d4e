/* The guest's only program: init, the processes that it confines, and the images they execute.
 *
 * It reads `/cases` of the initial file system, words divided by tabs (`machine.py` writes them):
 *   P NUMBER PROFILE...	a policy, and the names of its top-level profiles
 *   C NUMBER POLICY SUBJECT PEER IDS FILE... ! ACT...	a case
 * and says on the second serial line:
 *   F PATH VALUE	a feature of AppArmor
 *   R NUMBER PID ERRNO SIGNAL SECURE LABEL	what came of a case; ERRNO is -1 when it was killed
 *   A RECORD	an audit record
 *   X FAULT	something that should not happen
 *   E	the end
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/reboot.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define AA "/sys/kernel/security/apparmor"
#define WORDS 64
#define ROOT "0:0:-:all"

static FILE *out;			/* the serial line, init's alone */
static int initial;			/* the root that the kernel unpacked */
static int current_fd, exec_fd;		/* a child's attributes, opened while it is unconfined */
static int up[2], down[2];		/* what a child says, and when it may end */
static int stay[2];			/* peers stay until it is closed: a signal may be refused */
static pid_t peer;

/* End with a fault: init says it, a child has init say it. */
static void need(int failed, const char *what)
{
	char text[600];
	if (!failed)
		return;
	int n = snprintf(text, sizeof text, "X %s: %s\n", what, strerror(errno));
	if (getpid() != 1)
		_exit(write(up[1], text, n) != n);
	if (out)
		fputs(text, out), fflush(out);
	else
		fputs(text, stderr);
	reboot(LINUX_REBOOT_CMD_RESTART);
}

static int put(const char *path, const char *text, size_t size)
{
	int fd = open(path, O_WRONLY);
	int done = fd >= 0 && write(fd, text, size) == (ssize_t)size;
	int error = errno;
	close(fd);
	errno = error;
	return done ? 0 : -1;
}

#include "guest.h"
#include "sockets.h"
#include "world.h"
#include "files.h"
#include "held.h"
#include "unmediated.h"
#include "acts.h"

/* Say what came of the act, and wait until the label was read. */
static void answer(int to, int from, int error)
{
	char text[64], byte;
	int n = snprintf(text, sizeof text, "D %d %d %lu\n", getpid(), error, getauxval(AT_SECURE));
	if (write(to, text, n) == n && read(from, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

/* The words of a case from its subject on. */
static void child(int n, char **word)
{
	int i = 3;
	alarm(20);
	close(stay[1]);
	need(unshare(CLONE_NEWNS), "unshare");
	need(mount("case", "/t", "tmpfs", 0, "mode=0777"), "/t");
	for (; i < n && strcmp(word[i], "!"); i++)
		make(word[i]);
	umask(022);
	if (*word[1]) {
		char *ids = strchr(word[1], '@');
		if (ids)
			*ids++ = 0;
		(strcmp(word[i + 1], "traceme") ? spawn_peer : spawn_parent)(word[1], ids ? ids : ROOT);
	}
	open_attributes();
	prepare(word + i + 1);
	identity(word[2]);
	prctl(PR_SET_DUMPABLE, 1);
	confine(word[0]);
	errno = 0;
	int failed = act(n - i - 1, word + i + 1);
	answer(up[1], down[0], failed ? errno : 0);
}

static void label_of(pid_t pid, char *label, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/attr/apparmor/current", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, label, size - 1);
	label[n < 0 ? 0 : n] = 0;
	label[strcspn(label, "\n")] = 0;
	close(fd);
}

/* Run a case in a child of its own; nothing of it is left. */
static void run(const char *number, int n, char **word)
{
	char said[700] = "", label[4096] = "";
	int error = -1, status = 0, by = 0;
	unsigned long secure = 0;
	need(pipe(up) || pipe(down) || pipe2(stay, O_CLOEXEC), "pipe");
	fflush(out);
	pid_t pid = by = fork();
	if (!pid)
		child(n, word);
	close(up[1]);
	FILE *from = fdopen(up[0], "r");
	if (fgets(said, sizeof said, from) && sscanf(said, "D %d %d %lu", &by, &error, &secure) == 3)
		label_of(by, label, sizeof label);
	else if (*said)
		fprintf(out, "X case %s: %s", number, said);
	need(write(down[1], "", 1) != 1, "end");
	waitpid(pid, &status, 0);
	close(stay[1]);
	while (wait(NULL) > 0)
		;
	close(down[0]), close(down[1]), close(stay[0]);
	fclose(from);
	int ended = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	fprintf(out, "R %s %d %d %d %lu %s\n", number, by, error, ended, secure, label);
}

/* Divide a line at its tabs, and undo the `%HH`. */
static int divide(char *line, char **word)
{
	int n = 0;
	for (char *next; line && n < WORDS; line = next) {
		if ((next = strchr(line, '\t')))
			*next++ = 0;
		char *to = word[n++] = line;
		for (char *at = line; *at; at++) {
			char hex[3] = "";
			if (*at == '%')
				hex[0] = *++at, hex[1] = *++at;
			*to++ = *hex ? (char)strtol(hex, NULL, 16) : *at;
		}
		*to = 0;
	}
	return n;
}

struct policy {
	char *blob, *names[WORDS];
	size_t size;
	int count, loaded;
};

static void unload(struct policy *policy)
{
	for (int i = 0; i < policy->count && policy->loaded; i++)
		need(put(AA "/.remove", policy->names[i], strlen(policy->names[i])), policy->names[i]);
	policy->loaded = 0;
}

/* Load it as if for the first time: a profile keeps what was learned and logged. */
static void load(struct policy *policy)
{
	unload(policy);
	need(put(AA "/.load", policy->blob, policy->size), "load");
	policy->loaded = 1;
}

static void take(struct policy *policy, const char *number, int n, char **word)
{
	char path[64];
	unload(policy);
	free(policy->blob);
	snprintf(path, sizeof path, "policy/%s", number);
	policy->blob = slurp(path, &policy->size);
	policy->count = n;
	memcpy(policy->names, word, n * sizeof *word);
}

static void cases(void)
{
	struct policy policy = { 0 };
	size_t size;
	char *word[WORDS], *next;
	for (char *line = slurp("cases", &size); *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		int n = divide(line, word);
		if (*line == 'P') {
			take(&policy, line + 2, n - 1, word + 1);
		} else {
			load(&policy);
			run(line + 2, n - 2, word + 2);
		}
	}
	unload(&policy);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "image"))
		answer(atoi(argv[2]), atoi(argv[3]), 0);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ 0, 0 });	/* locking needs its capability */
	start();
	features(AA "/features");
	cases();
	records();
	fputs("E\n", out);
	fflush(out);
	tcdrain(fileno(out));
	reboot(LINUX_REBOOT_CMD_RESTART);
	return 0;
}
