/* What a child may do: words → system calls.  Each returns 0, or -1 with errno. */

static int flags_of(const char *mode)
{
	int flags = strchr(mode, 'r') && strchr(mode, 'w') ? O_RDWR : O_RDONLY;
	if (!strchr(mode, 'r'))
		flags = O_WRONLY;
	flags |= strchr(mode, 'a') ? O_APPEND : 0;
	flags |= strchr(mode, 'c') ? O_CREAT | O_EXCL : 0;
	flags |= strchr(mode, 't') ? O_TRUNC : 0;
	return flags | O_NONBLOCK;
}

/* Opened and then read or written, as the mode says. */
static int open_and_use(const char *mode, const char *path)
{
	char byte = 0;
	int fd = open(path, flags_of(mode), 0644);
	if (fd < 0)
		return -1;
	if (strchr(mode, 'R') && read(fd, &byte, 1) < 0 && errno != EISDIR)
		return -1;
	return strchr(mode, 'W') && write(fd, "z", 1) < 0 ? -1 : 0;
}

static int lock(const char *kind, const char *path)
{
	int exclusive = !strcmp(kind, "exclusive");
	int fd = open(path, exclusive ? O_RDWR : O_RDONLY);
	return fd < 0 ? -1 : flock(fd, exclusive ? LOCK_EX : LOCK_SH);
}

static int map(const char *path)
{
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0;
}

static int make_node(const char *kind, const char *path)
{
	mode_t type = *kind == 'p' ? S_IFIFO : *kind == 's' ? S_IFSOCK : *kind == 'c' ? S_IFCHR : S_IFREG;
	return mknod(path, type | 0644, type == S_IFCHR ? makedev(1, 3) : 0);
}

static int execute(const char *path)
{
	char to[16], from[16];
	snprintf(to, sizeof to, "%d", up[1]);
	snprintf(from, sizeof from, "%d", down[0]);
	char *argv[] = { (char *)path, "image", to, from, NULL }, *none[] = { NULL };
	return execve(path, argv, none);
}

static int raise_limit(int resource, rlim_t value)
{
	struct rlimit limit = { value, value };
	return setrlimit(resource, &limit);
}

/* Once it has stopped, the end of its tracer lets it go on. */
static int trace(void)
{
	if (ptrace(PTRACE_ATTACH, peer, NULL, NULL))
		return -1;
	return waitpid(peer, NULL, 0) == peer ? 0 : -1;
}

/* A system call for which the kernel wants one capability. */
static int use_capability(const char *name)
{
	struct timespec now;
	int ends[2];
#define IS(word) (!strcmp(name, word))
	if (IS("sys_chroot"))
		return chroot("/");
	if (IS("sys_admin"))
		return sethostname("probe", 5);
	if (IS("sys_nice"))
		return setpriority(PRIO_PROCESS, 0, -5);
	if (IS("sys_time"))
		return clock_gettime(CLOCK_REALTIME, &now) || clock_settime(CLOCK_REALTIME, &now);
	if (IS("sys_tty_config"))
		return vhangup();
	if (IS("sys_resource"))	/* a pipe larger than fs.pipe-max-size */
		return pipe(ends) || fcntl(ends[0], F_SETPIPE_SZ, 1 << 22) < 0;
	if (IS("sys_module"))
		return syscall(SYS_delete_module, "none", O_NONBLOCK) && errno == ENOENT ? 0 : -1;
	if (IS("sys_boot"))
		return reboot(LINUX_REBOOT_CMD_CAD_OFF);
	if (IS("setuid"))
		return setresuid(1234, -1, -1);
	if (IS("setgid"))
		return setresgid(1234, -1, -1);
	if (IS("setpcap"))
		return prctl(PR_CAPBSET_DROP, CAP_LEASE);
	if (IS("ipc_lock"))
		return mlock(&now, 1);	/* the limit is 0 */
#undef IS
	errno = ENOSYS;
	return -1;
}

/* One step on a socket of the family, type and protocol, and for some a port. */
static int use_socket(char **word)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int family = atoi(word[1]), value = 1;
	to.sin_port = htons(atoi(word[4]));
	socklen_t size = sizeof value, room = sizeof to;
	int fd = socket(family, atoi(word[2]), atoi(word[3]));
	const char *step = word[0];
#define IS(word) (!strcmp(step, word))
	if (fd < 0 || IS("socket_create"))
		return fd < 0 ? -1 : 0;
	if (IS("bind"))
		to.sin_addr.s_addr = INADDR_ANY;
	if (IS("bind"))
		return bind(fd, (struct sockaddr *)&to, sizeof to);
	if (IS("listen"))
		return listen(fd, 1);
	if (IS("connect"))
		return connect(fd, (struct sockaddr *)&to, sizeof to) && errno != ENETUNREACH ? -1 : 0;
	if (IS("getsockname"))
		return getsockname(fd, (struct sockaddr *)&to, &room);
	if (IS("setsockopt"))
		return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
	if (IS("getsockopt"))
		return getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size);
#undef IS
	errno = ENOSYS;
	return -1;
}

static int hat(const char *name)
{
	char text[256];
	snprintf(text, sizeof text, "%016lx^%s", 1234UL, name);
	return attribute(current_fd, "changehat", text);
}

static int act(int n, char **word)
{
	static char *none[] = { "", "", "", "", "", "" };
	char *given[8];
	struct stat st;
	void *head;
	size_t size;
	for (int i = 0; i < 8; i++)
		given[i] = i < n ? word[i] : *none;
	const char *what = given[0], *a = given[1], *b = given[2], *c = given[3];
#define IS(word) (!strcmp(what, word))
	if (IS("open")) return open_and_use(a, b);
	if (IS("lock")) return lock(a, b);
	if (IS("map")) return map(a);
	if (IS("link")) return link(a, b);
	if (IS("symlink")) return symlink(a, b);
	if (IS("unlink")) return unlink(a);
	if (IS("rename")) return rename(a, b);
	if (IS("mkdir")) return mkdir(a, 0755);
	if (IS("rmdir")) return rmdir(a);
	if (IS("mknod")) return make_node(a, b);
	if (IS("chmod")) return chmod(b, strtol(a, NULL, 8));
	if (IS("chown")) return chown(c, atoi(a), atoi(b));
	if (IS("truncate")) return truncate(a, 1);
	if (IS("getattr")) return stat(a, &st);
	if (IS("exec")) return execute(a);
	if (IS("capable")) return use_capability(a);
	if (IS("socket")) return use_socket(given + 1);
	if (IS("kill")) return kill(peer, atoi(a));
	if (IS("trace")) return trace();
	if (IS("peek")) return syscall(SYS_get_robust_list, peer, &head, &size);
	if (IS("mount"))
		return mount(*a ? a : NULL, b, *c ? c : NULL, strtoul(given[4], NULL, 16), NULL);
	if (IS("umount")) return umount(a);
	if (IS("pivot_root")) return syscall(SYS_pivot_root, a, b);
	if (IS("change_profile")) return attribute(current_fd, "changeprofile", a);
	if (IS("change_hat")) return hat(a);
	if (IS("onexec")) return attribute(exec_fd, "exec", a) ? -1 : execute(b);
	if (IS("setrlimit")) return raise_limit(atoi(a), strtoul(b, NULL, 0));
#undef IS
	errno = ENOSYS;
	return -1;
}
