/* order_facts - a planned notice as staff are shown it, and what it comes to
 *
 * Place: order.c puts it into the preview that staff answer with the PIN.
 */
#ifndef ORDER_FACTS_H
#define ORDER_FACTS_H

#include <jansson.h>

#include "gateway/notice.h"
#include "gateway/order_read.h"
#include "gateway/store_order.h"
#include "parsers/digest.h"

/* The hash of everything that is sent and of everybody it is sent to: two that
 * differ in either differ in it. */
void order_content(char out[SHA256_HEX], const struct order *o,
    const struct notice_plan *plan);

/* Adds the facts of the plan: counts by meeting, exclusions, segments, price,
 * time, the words themselves.  `until` is when the PIN ends. */
void order_plan_facts(json_t *data, const struct order *o,
    const struct notice_plan *plan, int64_t until);

/* Adds number, kind and author of an order. */
void order_name_facts(
    json_t *data, const struct config *config, const struct staff_order *order);

/* Adds what became of its notice. */
void order_report_facts(json_t *data, const struct notice *n);

/* The staff section of that address; NULL: none.  Letters compare without case. */
const struct config_staff *
order_staff(const struct config *config, struct span address);
/* Their name, or their address where they have none. */
const char *order_staff_name(const struct config *config, const char *address);

/* `price` ("0.07 zł") for each of `n`: "12.60 zł", appended; nothing when it is
 * no price. */
void order_price(struct buf *out, const char *price, int64_t n);

#endif
