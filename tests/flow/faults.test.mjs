// faults - a short part of what `make crash` runs whole: killed at random moments
// between two mail servers, and a night of faults in miniature
import { test } from 'node:test';

import { check as checkNight, night } from '../crash/faults.mjs';
import { check as checkLedger, killed } from '../crash/mail.mjs';

const seed = Number(process.env.SEED || 20261122);

test('killed at random moments, each message is stored once and confirmed', async () => {
	checkLedger(await killed({ rounds: 15, seed }));
});

test('after faults of every kind all that came is stored and all that is owed is sent', async () => {
	checkNight(await night({ seconds: 15, seed }));
});
