/* Sockets: how they come to the state in which a step is taken, and the step. */

/* An address as a case writes it: a port of this machine, `@name`, a path, or nothing. */
static socklen_t address(int family, const char *text, struct sockaddr_storage *to)
{
	struct sockaddr_un *local = (void *)to;
	struct sockaddr_in *four = (void *)to;
	struct sockaddr_in6 *six = (void *)to;
	memset(to, 0, sizeof *to);
	to->ss_family = family;
	switch (family) {
	case AF_INET:
		four->sin_port = htons(atoi(text));
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof *four;
	case AF_INET6:
		six->sin6_port = htons(atoi(text));
		six->sin6_addr = in6addr_loopback;
		return sizeof *six;
	case AF_UNIX:
		strcpy(local->sun_path, text);
		if (*text == '@')
			*local->sun_path = 0;
		return offsetof(struct sockaddr_un, sun_path) + strlen(text) + (*text == '/');
	}
	return sizeof(struct sockaddr_nl);
}

static int kind_of(const char *name)
{
	return !strcmp(name, "dgram") ? SOCK_DGRAM : !strcmp(name, "stream") ? SOCK_STREAM : SOCK_SEQPACKET;
}

/* A socket of a setup that waits at an address. */
static int serve(const char *kind, const char *at)
{
	struct sockaddr_storage to;
	socklen_t size = address(AF_UNIX, at, &to);
	int fd = socket(AF_UNIX, kind_of(kind), 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, size))
		return -1;
	return kind_of(kind) == SOCK_DGRAM ? 0 : listen(fd, 1);
}

struct sockets {
	int family, kind, protocol;
	const char *step, *at;
	int fd, other;	/* that of the step, and the one it is connected to */
	struct sockaddr_storage to;
	socklen_t size;
};

static int streams(const struct sockets *s)
{
	return s->kind == SOCK_STREAM || s->kind == SOCK_SEQPACKET;
}

static int make_socket(struct sockets *s)
{
	return socket(s->family, s->kind, s->protocol);
}

static int bind_to(int fd, struct sockets *s, const char *at)
{
	struct sockaddr_storage to;
	socklen_t size = address(s->family, at, &to);
	return bind(fd, (struct sockaddr *)&to, size);
}

static int find(struct sockets *s, int other)
{
	s->size = sizeof s->to;
	return getsockname(other, (struct sockaddr *)&s->to, &s->size);
}

static int reach(struct sockets *s, int fd)
{
	return connect(fd, (struct sockaddr *)&s->to, s->size);
}

static int in(const char *word, const char *words)
{
	const char *found = strstr(words, word);
	return found && strchr(" ", found[strlen(word)]) && (found == words || found[-1] == ' ');
}

/* Two sockets that are connected, or a listening one that another is about to reach. */
static int join(struct sockets *s, int accepted)
{
	int pair[2];
	if (s->family == AF_UNIX && accepted) {
		if (socketpair(s->family, s->kind, s->protocol, pair))
			return -1;
		s->fd = pair[0], s->other = pair[1];
		return 0;
	}
	if ((s->fd = make_socket(s)) < 0 || (s->other = make_socket(s)) < 0)
		return -1;
	if (bind_to(s->fd, s, "") || (streams(s) && listen(s->fd, 1)))
		return -1;
	if (find(s, s->fd) || reach(s, s->other))
		return -1;
	if (!accepted)
		return 0;
	if (!streams(s))
		return find(s, s->other) || reach(s, s->fd);
	s->fd = accept(s->fd, NULL, NULL);
	return s->fd < 0 ? -1 : 0;
}

/* Whatever the step needs; the same calls whether the process is confined yet or not. */
static int ready(struct sockets *s)
{
	if (!strcmp(s->step, "socketpair"))
		return 0;
	if (!strcmp(s->step, "accept"))
		return join(s, 0);
	if (in(s->step, "send receive write read shutdown getpeername"))
		return join(s, 1);
	s->fd = make_socket(s);
	if (s->fd < 0)
		return -1;
	if (!strcmp(s->step, "listen"))
		return bind_to(s->fd, s, s->at);
	if (!strcmp(s->step, "connect") && s->family != AF_UNIX) {
		s->other = make_socket(s);
		if (s->other < 0 || bind_to(s->other, s, "") || (streams(s) && listen(s->other, 1)))
			return -1;
		return find(s, s->other);
	}
	return 0;
}

static int step(struct sockets *s)
{
	struct sockaddr_storage to;
	socklen_t size = sizeof to;
	int value = 1, pair[2];
	char text[8] = "";	/* as long as the head of an ICMP message */
#define IS(word) (!strcmp(s->step, word))
	if (in(s->step, "receive read"))
		fcntl(s->fd, F_SETFL, O_NONBLOCK);
	if (IS("socketpair")) return socketpair(s->family, s->kind, s->protocol, pair);
	if (IS("bind")) return bind_to(s->fd, s, s->at);
	if (IS("listen")) return listen(s->fd, 1);
	if (IS("accept")) return accept(s->fd, NULL, NULL);
	if (IS("send")) return send(s->fd, text, sizeof text, 0);
	if (IS("write")) return write(s->fd, text, sizeof text);
	if (IS("receive")) return recv(s->fd, text, 1, 0) < 0 && errno != EAGAIN ? -1 : 0;
	if (IS("read")) return read(s->fd, text, 1) < 0 && errno != EAGAIN ? -1 : 0;
	if (IS("shutdown")) return shutdown(s->fd, SHUT_RDWR);
	if (IS("getsockname")) return getsockname(s->fd, (struct sockaddr *)&to, &size);
	if (IS("getpeername")) return getpeername(s->fd, (struct sockaddr *)&to, &size);
	size = sizeof value;
	if (IS("setsockopt")) return setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &value, size);
	if (IS("getsockopt")) return getsockopt(s->fd, SOL_SOCKET, SO_TYPE, &value, &size);
	size = address(s->family, s->at, &to);
	if (IS("sendto")) return sendto(s->fd, text, 1, 0, (struct sockaddr *)&to, size);
	if (IS("connect") && s->family != AF_UNIX) return reach(s, s->fd);
	if (IS("connect")) return connect(s->fd, (struct sockaddr *)&to, size);
	return 0;	/* it was made, and that was all */
#undef IS
}

static struct sockets given_socket;

/* FAMILY KIND PROTOCOL STEP ADDRESS */
static void take_socket(struct sockets *s, char **word)
{
	*s = (struct sockets){
		.family = atoi(word[0]), .kind = atoi(word[1]), .protocol = atoi(word[2]),
		.step = word[3], .at = word[4], .fd = -1, .other = -1,
	};
}

static void prepare_socket(char **word)
{
	take_socket(&given_socket, word);
	need(ready(&given_socket), "socket");
}

static int own_socket(char **word)
{
	struct sockets s;
	take_socket(&s, word);
	return ready(&s) ? -1 : step(&s);
}
