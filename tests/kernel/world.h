/* The child's world: its files, its ids, its peer. */

static void parents(const char *path)
{
	char part[512];
	snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part + 3, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (!mkdir(part, 0777))
			chmod(part, 0777);
		*slash = '/';
	}
}

/* kind:uid:gid:mode:path[:text]; a trailing slash is dropped */
static void make(char *entry)
{
	char *word[6] = { "", "", "", "", "", "" };
	for (int i = 0; i < 6 && entry; i++) {
		word[i] = entry;
		if (i < 5 && (entry = strchr(entry, ':')))
			*entry++ = 0;
	}
	char *path = word[4];
	if (*path == '@') {
		need(serve(word[5], path), path);
		return;
	}
	size_t length = strlen(path);
	if (length > 1 && path[length - 1] == '/')
		path[length - 1] = 0;
	parents(path);
	switch (*word[0]) {
	case 'f': {
		int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
		need(fd < 0 || write(fd, word[5], strlen(word[5])) < 0 || write(fd, "\n", 1) < 0, path);
		close(fd);
		break;
	}
	case 'd': need(mkdir(path, 0777) && errno != EEXIST, path); break;
	case 'l': need(symlink(word[5], path), path); break;
	case 's': need(serve(word[5], path), path); break;
	case 'x': copy("/probe", path); break;
	case 'm':
		need(mkdir(path, 0777) && errno != EEXIST, path);
		need(mount("made", path, "tmpfs", 0, "mode=0777"), path);
		break;
	}
	need(lchown(path, atoi(word[1]), atoi(word[2])), path);
	if (*word[0] != 'l')
		need(chmod(path, strtol(word[3], NULL, 8)), path);
}

/* Of this process, and while it is unconfined. */
static void open_attributes(void)
{
	current_fd = open("/proc/self/attr/apparmor/current", O_RDWR | O_CLOEXEC);
	exec_fd = open("/proc/self/attr/apparmor/exec", O_RDWR | O_CLOEXEC);
	need(current_fd < 0 || exec_fd < 0, "attributes");
}

static int attribute(int fd, const char *command, const char *value)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "%s %s", command, value);
	return pwrite(fd, text, n, 0) == n ? 0 : -1;
}

static void capabilities(uint64_t held)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ held, held, 0 }, { held >> 32, held >> 32, 0 },
	};
	need(syscall(SYS_capset, &head, data), "capset");
}

/* uid:gid:groups:capabilities, groups divided by commas, capabilities in hexadecimal or `all` */
static void identity(const char *ids)
{
	unsigned uid = 0, gid = 0;
	gid_t groups[16];
	char list[128] = "", held[32] = "all";
	int n = 0;
	sscanf(ids, "%u:%u:%127[0-9,-]:%31s", &uid, &gid, list, held);
	for (char *one = strtok(list, ",-"); one && n < 16; one = strtok(NULL, ",-"))
		groups[n++] = atoi(one);
	prctl(PR_SET_KEEPCAPS, 1);
	need(setgroups(n, groups) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid), "ids");
	if (strcmp(held, "all"))
		capabilities(strtoull(held, NULL, 16));
	else if (uid)
		capabilities((1ULL << 41) - 1);
}

static void confine(const char *label)
{
	if (strcmp(label, "unconfined"))
		need(attribute(current_fd, "changeprofile", label), label);
}

/* The process goes on as the child of one with another label. */
static void spawn_parent(const char *label, const char *ids)
{
	int ready[2];
	char byte;
	need(pipe(ready), "pipe");
	pid_t pid = fork();
	if (!pid) {
		need(read(ready[0], &byte, 1) != 1, "parent");
		close(ready[0]), close(ready[1]);
		return;
	}
	open_attributes();
	identity(ids);
	confine(label);
	need(write(ready[1], "", 1) != 1, "ready");
	close(up[1]);
	waitpid(pid, NULL, 0);
	_exit(0);
}

static void spawn_peer(const char *label, const char *ids)
{
	int ready[2];
	char byte;
	need(pipe(ready), "pipe");
	peer = fork();
	if (!peer) {
		open_attributes();
		identity(ids);
		confine(label);
		prctl(PR_SET_DUMPABLE, 1);
		for (int number = 1; number < 65; number++)
			signal(number, SIG_IGN);
		need(write(ready[1], "", 1) != 1, "ready");
		close(up[1]);	/* which tells that the child has ended */
		while (read(stay[0], &byte, 1) < 0)
			;
		_exit(0);
	}
	close(ready[1]);
	need(read(ready[0], &byte, 1) != 1, "peer");
	close(ready[0]);
}
