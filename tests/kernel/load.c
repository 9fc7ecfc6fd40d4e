/* The guest's only program of `load.py`: it gives the kernel one compiled profile after another.
 *
 * The initial file system has `/policy/N` for N from 0.  It says on the second serial line:
 *   L NUMBER ERRNO	what came of one write(2) of a profile
 *   N COUNT	how many profiles the kernel lists at the end
 *   X FAULT	something that should not happen
 *   E	the end
 */
#define _GNU_SOURCE
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

#define AA "/sys/kernel/security/apparmor"

static FILE *out;

static void need(int failed, const char *what)
{
	if (!failed)
		return;
	if (out)
		fprintf(out, "X %s: %s\n", what, strerror(errno)), fflush(out);
	reboot(LINUX_REBOOT_CMD_RESTART);
}

/* Load the policy with a number; false when there is none. */
static int load(int number)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof path, "/policy/%d", number);
	int in = open(path, O_RDONLY);
	if (in < 0)
		return 0;
	need(fstat(in, &st), path);
	char *policy = malloc(st.st_size);
	ssize_t got = 0, n;
	while ((n = read(in, policy + got, st.st_size - got)) > 0)
		got += n;
	need(got != st.st_size, path);
	close(in);
	int to = open(AA "/.load", O_WRONLY);
	need(to < 0, AA "/.load");
	/* of what is compressed, the kernel tells how much it holds */
	fprintf(out, "L %d %d\n", number, write(to, policy, got) >= got ? 0 : errno);
	close(to);
	free(policy);
	unlink(path);
	return 1;
}

static int listed(void)
{
	int c, count = 0;
	FILE *list = fopen(AA "/profiles", "r");
	need(!list, AA "/profiles");
	while ((c = getc(list)) != EOF)
		count += c == '\n';
	fclose(list);
	return count;
}

int main(void)
{
	mkdir("/dev", 0755), mkdir("/sys", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	out = fopen("/dev/ttyS1", "w");
	need(!out, "ttyS1");
	need(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
	need(mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL), "securityfs");
	for (int number = 0; load(number); number++)
		;
	fprintf(out, "N %d\nE\n", listed());
	fflush(out);
	tcdrain(fileno(out));
	reboot(LINUX_REBOOT_CMD_RESTART);
	return 0;
}
