#!/bin/sh
# See mail.mjs.
exec node tests/crash/mail.mjs
