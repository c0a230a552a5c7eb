/* notify - tells the service manager how we are
 *
 * Place: the daemon's main thread; systemd's protocol in a few lines, so that
 * its library is not needed.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/* Sends "READY=1", "WATCHDOG=1", "STOPPING=1" to $NOTIFY_SOCKET; does nothing
 * when there is none.  A line that is lost is harmless: none is an answer. */
void notify_manager(const char *state);

#endif
