#!/bin/sh
# Counts the segments of 20,000 texts as the other counter does, not only 2,000.
TEXTS=20000 exec node --test tests/flow/sms_size.test.mjs
