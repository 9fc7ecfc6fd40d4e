/* What only later kernels ask rules about: user namespaces, io_uring, message queues. */

#define RING_BYTES 4096

static int ring(unsigned flags, struct io_uring_params *params)
{
	memset(params, 0, sizeof *params);
	params->flags = flags;
	return syscall(SYS_io_uring_setup, 2, params);
}

static void *part(int fd, off_t offset)
{
	return mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
}

/* An operation that does nothing, with the credentials that were registered. */
static int ring_with_credentials(void)
{
	struct io_uring_params params;
	int fd = ring(0, &params);
	int id = syscall(SYS_io_uring_register, fd, IORING_REGISTER_PERSONALITY, NULL, 0);
	if (fd < 0 || id < 0)
		return -1;
	char *sent = part(fd, IORING_OFF_SQ_RING), *done = part(fd, IORING_OFF_CQ_RING);
	struct io_uring_sqe *entry = part(fd, IORING_OFF_SQES);
	if (sent == MAP_FAILED || done == MAP_FAILED || (void *)entry == MAP_FAILED)
		return -1;
	*entry = (struct io_uring_sqe){ .opcode = IORING_OP_NOP, .personality = id };
	*(unsigned *)(sent + params.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sent + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	int result = ((struct io_uring_cqe *)(done + params.cq_off.cqes))->res;
	errno = -result;
	return result < 0 ? -1 : 0;
}

static int use_ring(const char *how)
{
	struct io_uring_params params;
	if (!strcmp(how, "override_creds"))
		return ring_with_credentials();
	return ring(IORING_SETUP_SQPOLL, &params) < 0 ? -1 : 0;
}

static mqd_t queue = -1;

/* A queue of the case, made before the process is confined; opened then but for the first three. */
static void prepare_queue(const char *how, const char *name)
{
	mq_unlink(name);
	if (strcmp(how, "create"))
		need(mq_close(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0666, NULL)), name);
	if (strcmp(how, "create") && strcmp(how, "open") && strcmp(how, "delete"))
		queue = mq_open(name, O_RDWR | O_NONBLOCK);
}

static int use_queue(const char *how, const char *name)
{
	struct mq_attr attributes = { .mq_flags = O_NONBLOCK };
	char text[8192];
#define IS(word) (!strcmp(how, word))
	if (IS("create")) return mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0666, NULL) < 0 ? -1 : 0;
	if (IS("open")) return mq_open(name, O_RDWR) < 0 ? -1 : 0;
	if (IS("delete")) return mq_unlink(name);
	if (IS("getattr")) return mq_getattr(queue, &attributes);
	if (IS("setattr")) return mq_setattr(queue, &attributes, NULL);
	if (IS("write")) return mq_send(queue, "z", 1, 0);
	if (IS("read")) return mq_receive(queue, text, sizeof text, NULL) < 0 && errno != EAGAIN ? -1 : 0;
#undef IS
	errno = ENOSYS;
	return -1;
}
