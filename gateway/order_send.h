/* order_send - orders that fall due: sent, reported, run out
 *
 * Place: intake looks with every minute, and at once when a PIN came.  Killed
 * anywhere, the next look goes on: an order is "confirmed" until the one commit
 * that makes its notice visible and it "sending".
 */
#ifndef ORDER_SEND_H
#define ORDER_SEND_H

#include "gateway/order.h"

/* Takes every open order one step on, in transactions of its own; `*done`
 * counts those that went on.  An order that cannot be sent is given up and its
 * author told; the first failure of the store comes back. */
enum status
order_due(const struct order_desk *desk, int *done, struct err *err);

#endif
