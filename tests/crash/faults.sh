#!/bin/sh
# See faults.mjs.
exec node tests/crash/faults.mjs
