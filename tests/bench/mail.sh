#!/bin/sh
# Mail from a real server into the database, beside its peers; see mail.mjs.
exec node tests/bench/mail.mjs
