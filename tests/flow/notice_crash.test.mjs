// notice_crash - a few of the moments that `make crash` kills a notice at
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { check, kill } from '../crash/notice.mjs';

test('killed while it is announced and sent, a notice reaches everybody, and twice only whom the log lists', async () => {
	const figures = await kill({ rounds: 6, people: 1500, seed: 7 });
	check(figures);
	for (const name of ['kills of announcing', 'kills of sending'])
		assert.ok(figures[name] >= 3, JSON.stringify(figures));
});
