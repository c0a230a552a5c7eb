#!/bin/sh
# Killed between a provider of texts and the database; see texts.mjs.
exec node tests/crash/texts.mjs "$@"
