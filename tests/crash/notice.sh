#!/bin/sh
# See notice.mjs.
exec node tests/crash/notice.mjs
