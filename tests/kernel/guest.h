/* The guest: a root with what programs expect, AppArmor's features, the log. */

static void copy(const char *from, const char *to)
{
	char buffer[65536];
	ssize_t n;
	int in = open(from, O_RDONLY), fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	need(in < 0 || fd < 0, to);
	while ((n = read(in, buffer, sizeof buffer)) > 0)
		need(write(fd, buffer, n) != n, to);
	close(in);
	close(fd);
}

static void sysctl(const char *name, const char *value)
{
	char path[256];
	snprintf(path, sizeof path, "/proc/sys/%s", name);
	put(path, value, strlen(value));
}

static void loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	need(fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request), "lo");
	close(fd);
}

/* A root that is a mount of its own, as pivot_root wants it. */
static void start(void)
{
	static const char *const mounts[][3] = {
		{ "proc", "/proc", "proc" }, { "sysfs", "/sys", "sysfs" },
		{ "devtmpfs", "/dev", "devtmpfs" },
		{ "securityfs", "/sys/kernel/security", "securityfs" },
	};
	umask(0);
	initial = open("/", O_PATH | O_DIRECTORY);
	mkdir("/root", 0755);
	need(mount("root", "/root", "tmpfs", 0, "mode=0755"), "root");
	copy("/init", "/root/probe");
	need(chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."), "chroot");
	need(chdir("/"), "chdir");
	mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/dev", 0755), mkdir("/t", 0777);
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
		need(mount(mounts[i][0], mounts[i][1], mounts[i][2], 0, NULL), mounts[i][1]);
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	int line = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	out = fdopen(line, "w");
	need(!out, "ttyS1");
	sysctl("kernel/printk_ratelimit", "0");
	sysctl("kernel/dmesg_restrict", "1");
	sysctl("kernel/pid_max", "4000000");
	sysctl("kernel/yama/ptrace_scope", "0");
	sysctl("fs/protected_hardlinks", "1");
	loopback();
}

static void features(const char *path)
{
	char name[512], value[4096];
	DIR *dir = opendir(path);
	struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR) {
			features(name);
			continue;
		}
		int fd = open(name, O_RDONLY);
		ssize_t n = read(fd, value, sizeof value - 1);
		value[n < 0 ? 0 : n] = 0;
		value[strcspn(value, "\n")] = 0;
		fprintf(out, "F %s %s\n", name + strlen(AA "/features/"), value);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static char *slurp(const char *path, size_t *size)
{
	struct stat st;
	int fd = openat(initial, path, O_RDONLY);
	need(fd < 0 || fstat(fd, &st), path);
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

/* The records of children; those of init speak of loading policy. */
static void records(void)
{
	int size = klogctl(10, NULL, 0);
	char *text = malloc(size + 1), *next;
	text[klogctl(3, text, size)] = 0;
	for (char *line = text; line; line = next) {
		if ((next = strchr(line, '\n')))
			*next++ = 0;
		char *found = strstr(line, "audit: type=");
		if (found && strstr(found, "apparmor=") && !strstr(found, " pid=1 "))
			fprintf(out, "A %s\n", found + strlen("audit: "));
	}
}

