#!/bin/sh
# Stopped anywhere and started again, the ledger is the same; see crash.mjs.
exec node tests/crash/crash.mjs "$@"
