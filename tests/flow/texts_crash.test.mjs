// texts_crash - a few of the moments that `make crash` kills the gateway at
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { kill, kinds } from '../crash/texts.mjs';
import { Authority } from './servers.mjs';

const authority = new Authority();
test.after(() => authority.close());

for (const Kind of kinds)
	test(`${new Kind().name}: killed at any moment, it loses nothing and repeats nothing`, async () => {
		const { kills } = await kill(Kind, 12, 7, authority.good);
		assert.ok(kills >= 4, `${kills} kills`);
	});
