// twin - a mail that comes by two ways is one remark, and a forged copy of it
// that comes first takes nothing away
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';

function story(name, body) {
	test(name, () => {
		const house = new House();
		try {
			body(house);
		} finally {
			house.close();
		}
	});
}

// `head`: what our own mail server wrote above it.
const copy = (head) => ['Received: from mx.poczta.example by mx.powiat.example; Sun, 22 Nov 2026 10:00:00 +0100', ...head,
	'From: Ewa <ewa@poczta.example>', 'To: konsultacje@powiat.example', 'Subject: BL-7M4H',
	'Message-ID: <w1@poczta.example>', 'Date: Sun, 22 Nov 2026 09:59:00 +0100', '',
	'Proszę o dwie ławki przy ulicy Łąkowej.', ''].join('\r\n');
const verdict = (word) => `Authentication-Results: mx.powiat.example; dmarc=${word} header.from=poczta.example`;
const real = copy([verdict('pass')]);
const sent = (house) => fs.readdirSync(path.join(house.dir, 'out/new')).length;
const fates = (house) => house.rows('journal').map((r) => r.fate);
const remarks = (house) => house.rows('remark', 'list').length;

function take(house, mail) {
	house.mail(mail);
	house.poll();
}

for (const [what, forged] of [['that its domain disowns', copy([verdict('fail')])],
	['that our server marked as spam', copy([verdict('pass'), 'X-Spam-Flag: YES'])]])
	story(`a copy ${what} comes first: the real remark is filed and confirmed, once`, (house) => {
		take(house, forged);
		take(house, real);
		assert.deepEqual(fates(house), ['held', 'filed']);
		assert.deepEqual([remarks(house), sent(house)], [1, 1]);
		take(house, real);
		take(house, forged);
		assert.deepEqual(fates(house), ['held', 'filed', 'duplicate', 'duplicate']);
		const [{ id }] = house.rows('inbound', 'list');
		house.run('inbound', 'retry', String(id));
		assert.equal(fates(house)[0], 'held', 'read again, it is what it was');
		house.run('inbound', 'assign', String(id), 'BL-7M4H');
		house.poll();
		assert.equal(fates(house)[0], 'duplicate', 'staff who take it for real file it no second time');
		assert.deepEqual([remarks(house), sent(house)], [1, 1]);
	});

story('a copy that nothing proves was filed: the proven one is the same remark, and confirmed once', (house) => {
	take(house, copy([]));
	take(house, real);
	assert.deepEqual(fates(house), ['filed', 'duplicate']);
	assert.deepEqual([remarks(house), sent(house)], [1, 1]);
});

story('the same mail held twice is held once, and one remark when it is read again', (house) => {
	const slip = real.replace('BL-7M4H', 'BL-7N4H');
	take(house, slip);
	take(house, slip);
	assert.deepEqual(fates(house), ['held', 'duplicate']);
	const [{ id }] = house.rows('inbound', 'list');
	house.run('inbound', 'retry', String(id));
	assert.deepEqual(fates(house), ['held', 'duplicate'], 'not a duplicate of its own copy');
	house.run('inbound', 'assign', String(id), 'BL-7M4H');
	assert.deepEqual([fates(house), remarks(house)], [['filed', 'duplicate'], 1]);
});
