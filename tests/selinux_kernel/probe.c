/* The guest's only program: it loads SELinux policies and asks selinuxfs about them.
 *
 * It reads `/cases` of the initial file system, words divided by tabs (`guest.py` writes them):
 *   P NUMBER		load a policy, and say what its classes are
 *   B NAME VALUE	set a boolean; C makes what was set hold
 *   C
 *   Q FILE BEFORE CLASS AFTER	a question: written to a file of selinuxfs, the class by its number
 * and says on the second serial line:
 *   P NUMBER		a policy is loaded
 *   K CLASS NUMBER	a class of the policy that was loaded, and V CLASS PERMISSION NUMBER
 *   R ERRNO VALID ANSWER	what came of a question; VALID is the error number of giving the answer to
 *			`context`, of questions whose answer is a context
 *   X FAULT		something that should not happen
 *   E			the end
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define FS "/sys/fs/selinux"

static FILE *out;

static void fault(const char *what, const char *which)
{
	fprintf(out, "X %s %s: %s\n", what, which, strerror(errno));
}

static char *slurp(const char *path, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		return NULL;
	char *text = malloc(st.st_size + 1);
	size_t got = 0;
	ssize_t n;
	while ((n = read(fd, text + got, st.st_size - got)) > 0)
		got += n;
	close(fd);
	text[got] = 0;
	*size = got;
	return text;
}

/* Write to a file of selinuxfs and read what it answers; the error number, or 0. */
static int ask(const char *file, const char *text, size_t length, char *answer, size_t size)
{
	char path[256];
	snprintf(path, sizeof path, FS "/%s", file);
	int fd = open(path, answer ? O_RDWR : O_WRONLY), error = 0;
	if (fd < 0)
		return errno;
	if (write(fd, text, length) != (ssize_t)length) {
		error = errno;
	} else if (answer) {
		ssize_t n = read(fd, answer, size - 1);
		error = n < 0 ? errno : 0;
		answer[n < 0 ? 0 : n] = 0;
	}
	close(fd);
	return error;
}

static int number(const char *path)
{
	char buffer[32] = "";
	int fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, buffer, sizeof buffer - 1) <= 0)
		fault("number", path);
	close(fd);
	return atoi(buffer);
}

static void permissions(const char *cls)
{
	char path[512];
	snprintf(path, sizeof path, FS "/class/%.99s/perms", cls);
	DIR *dir = opendir(path);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof path, FS "/class/%.99s/perms/%.99s", cls, entry->d_name);
		fprintf(out, "V %s %s %d\n", cls, entry->d_name, number(path));
	}
	if (dir)
		closedir(dir);
}

static void classes(void)
{
	char path[512];
	DIR *dir = opendir(FS "/class");
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof path, FS "/class/%s/index", entry->d_name);
		fprintf(out, "K %s %d\n", entry->d_name, number(path));
		permissions(entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static void load(const char *which)
{
	char path[64];
	size_t size;
	snprintf(path, sizeof path, "/policy/%s", which);
	char *policy = slurp(path, &size);
	errno = policy ? ask("load", policy, size, NULL, 0) : errno;
	if (errno)
		fault("policy", which);
	free(policy);
	fprintf(out, "P %s\n", which);
	classes();
}

static void question(const char *file, const char *before, const char *cls, const char *after)
{
	char text[4096], path[256], answer[4096] = "";
	int valid = 0, length = snprintf(text, sizeof text, "%s", before);
	if (*cls) {
		snprintf(path, sizeof path, FS "/class/%s/index", cls);
		length += snprintf(text + length, sizeof text - length, " %d", number(path));
	}
	if (*after)
		length += snprintf(text + length, sizeof text - length, " %s", after);
	int error = ask(file, text, length, strcmp(file, "validatetrans") ? answer : NULL, sizeof answer);
	if (!error && (!strcmp(file, "create") || !strcmp(file, "member") || !strcmp(file, "relabel")))
		valid = ask("context", answer, strlen(answer), NULL, 0);
	fprintf(out, "R %d %d %s\n", error, valid, answer);
}

static void perform(char *line)
{
	char *words[6] = { 0 };
	for (int i = 0; i < 6 && line; i++)
		words[i] = strsep(&line, "\t");
	switch (*words[0]) {
	case 'P':
		load(words[1]);
		break;
	case 'B': {
		char path[256];
		snprintf(path, sizeof path, "booleans/%s", words[1]);
		if ((errno = ask(path, words[2], 1, NULL, 0)))
			fault("boolean", words[1]);
		break;
	}
	case 'C':
		if ((errno = ask("commit_pending_bools", "1", 1, NULL, 0)))
			fault("commit", "");
		break;
	case 'Q':
		question(words[1], words[2], words[3], words[4]);
		break;
	}
}

int main(void)
{
	size_t size;
	struct termios raw;
	mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	int line = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	out = fdopen(line, "w");
	tcgetattr(line, &raw), cfmakeraw(&raw), tcsetattr(line, TCSANOW, &raw);
	if (mount("selinuxfs", FS, "selinuxfs", 0, NULL))
		fault("mount", FS);
	char *cases = slurp("/cases", &size), *next;
	for (char *one = cases; one && *one; one = next) {
		if ((next = strchr(one, '\n')))
			*next++ = 0;
		perform(one);
	}
	fprintf(out, "E\n");
	fflush(out);
	tcdrain(line);
	reboot(LINUX_REBOOT_CMD_RESTART);
	return 0;
}
