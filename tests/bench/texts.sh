#!/bin/sh
# How fast texts get from a provider into the database; see texts.mjs.
exec node tests/bench/texts.mjs
