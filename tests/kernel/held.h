/* Descriptors of files that another profile opened, and what is done with them. */

static int held = -1;		/* opened by the other profile */
static int passed = -1;		/* a socket on which a descriptor waits to be received */

/* Open a file in a process under a label, which shares its descriptors with this one. */
static void open_under(const char *label, const char *mode, const char *path)
{
	int status;
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		current_fd = open("/proc/thread-self/attr/apparmor/current", O_RDWR | O_CLOEXEC);
		confine(label);
		int fd = open(path, flags_of(mode));
		need(fd < 0, path);
		_exit(fd);
	}
	need(waitpid(pid, &status, 0) != pid || !WIFEXITED(status), "opener");
	held = WEXITSTATUS(status);
}

/* A message with the descriptor, on its way. */
static void send_held(void)
{
	int ends[2];
	char byte = 0, room[CMSG_SPACE(sizeof held)] = "";
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room,
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	*head = (struct cmsghdr){ CMSG_LEN(sizeof held), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(head), &held, sizeof held);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	need(sendmsg(ends[1], &message, 0) != 1, "sendmsg");
	close(held);
	passed = ends[0];
}

/* The kernel drops a descriptor that may not be received, and says no more. */
static int receive_held(void)
{
	char byte, room[CMSG_SPACE(sizeof held)] = "";
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room,
	};
	if (recvmsg(passed, &message, 0) < 0)
		return -1;
	errno = EACCES;
	return CMSG_FIRSTHDR(&message) ? 0 : -1;
}

/* HOW MODE PATH OPENER */
static void prepare_held(char **word)
{
	open_under(word[3], word[1], word[2]);
	if (!strcmp(word[0], "receive"))
		send_held();
	if (!strcmp(word[0], "inherit"))
		fcntl(held, F_SETFD, 0);
}

static int map_held(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE, held, 0) == MAP_FAILED ? -1 : 0;
}

static int use_held(char **word)
{
	char byte = 'z';
#define IS(what) (!strcmp(word[0], what))
	if (IS("read")) return read(held, &byte, 1) < 0 ? -1 : 0;
	if (IS("write")) return write(held, &byte, 1) < 0 ? -1 : 0;
	if (IS("lock")) return flock(held, LOCK_SH);
	if (IS("map")) return map_held(PROT_READ | PROT_EXEC);
	if (IS("receive")) return receive_held();
	if (IS("inherit")) return execute(word[4]);
#undef IS
	errno = ENOSYS;
	return -1;
}
