/* asroot - a program that wants to be root runs as an ordinary user
 *
 * Place: servers.mjs preloads it into Postfix's master, which refuses any other
 * user, and into the processes that it starts.  Whoever asks is told that he
 * is root until he changes to another user; changing user, group or owner is
 * granted and changes nothing.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

static uid_t real, effective;

uid_t
getuid(void)
{
	return real;
}

uid_t
geteuid(void)
{
	return effective;
}

int
setuid(uid_t uid)
{
	real = effective = uid;
	return 0;
}

int
seteuid(uid_t uid)
{
	effective = uid;
	return 0;
}

int
setgid(gid_t gid)
{
	(void)gid;
	return 0;
}

int
setegid(gid_t gid)
{
	(void)gid;
	return 0;
}

int
setgroups(size_t n, const gid_t *groups)
{
	(void)n, (void)groups;
	return 0;
}

int
initgroups(const char *user, gid_t group)
{
	(void)user, (void)group;
	return 0;
}

int
chown(const char *path, uid_t uid, gid_t gid)
{
	(void)path, (void)uid, (void)gid;
	return 0;
}

int
fchown(int fd, uid_t uid, gid_t gid)
{
	(void)fd, (void)uid, (void)gid;
	return 0;
}
