/* What a child may do: words → system calls.  Each returns 0, or -1 with errno. */

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
	if (IS("sys_rawio"))
		return iopl(3);
	if (IS("sys_pacct"))
		return acct(NULL);
	if (IS("wake_alarm"))
		return timerfd_create(CLOCK_BOOTTIME_ALARM, 0) < 0 ? -1 : 0;
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

/* What an act needs that is made before the process is confined. */
static void prepare(char **word)
{
	if (!strcmp(*word, "given"))
		prepare_socket(word + 1);
	if (!strcmp(*word, "held"))
		prepare_held(word + 1);
	if (!strcmp(*word, "queue"))
		prepare_queue(word[1], word[2]);
}

static int act(int n, char **word)
{
	static char *none[] = { "" };
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
	if (IS("protect")) return protect(a);
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
	if (IS("own")) return own_socket(given + 1);
	if (IS("given")) return step(&given_socket);
	if (IS("held")) return use_held(given + 1);
	if (IS("ring")) return use_ring(a);
	if (IS("queue")) return use_queue(a, b);
	if (IS("userns")) return unshare(CLONE_NEWUSER);
	if (IS("kill")) return kill(peer, atoi(a));
	if (IS("trace")) return trace();
	if (IS("traceme")) return ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? -1 : 0;
	if (IS("peek")) return syscall(SYS_get_robust_list, peer, &head, &size);
	if (IS("mount"))
		return mount(*a ? a : NULL, b, *c ? c : NULL, strtoul(given[4], NULL, 16), NULL);
	if (IS("umount")) return umount(a);
	if (IS("pivot_root")) return syscall(SYS_pivot_root, a, b);
	if (IS("change_profile")) return attribute(current_fd, "changeprofile", a);
	if (IS("stack")) return attribute(current_fd, "stack", a);
	if (IS("change_hat")) return hat(a);
	if (IS("onexec")) return attribute(exec_fd, "exec", a) ? -1 : execute(b);
	if (IS("stack_onexec")) return attribute(exec_fd, "stack", a) ? -1 : execute(b);
	if (IS("setrlimit")) return raise_limit(atoi(a), strtoul(b, NULL, 0));
#undef IS
	errno = ENOSYS;
	return -1;
}
