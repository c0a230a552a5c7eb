/* manager - listens as a service manager does, and prints what it is told
 *
 * Place: service.test.mjs starts it with the path of a socket to make.  Prints
 * "listening", then each message as a line, its own line ends as '|'.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int
main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[512];
	ssize_t n;

	if (argc != 2 || fd < 0 || strlen(argv[1]) >= sizeof(at.sun_path))
		return 2;
	memcpy(at.sun_path, argv[1], strlen(argv[1]));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return 1;
	printf("listening\n");
	fflush(stdout);
	while ((n = recv(fd, text, sizeof(text), 0)) >= 0) {
		for (ssize_t i = 0; i < n; i++)
			putchar(text[i] == '\n' ? '|' : text[i]);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
