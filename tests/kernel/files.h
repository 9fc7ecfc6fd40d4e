/* What is done to files. */

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

/* Mapped to read, and then to execute. */
static int protect(const char *path)
{
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	return at == MAP_FAILED ? -1 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
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
