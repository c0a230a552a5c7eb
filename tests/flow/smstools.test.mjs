// smstools - texts in and out through the real smsd and a modem of ours
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';

import { House } from './house.mjs';
import { Modem } from './modem.mjs';

function story(name, body) {
	test(name, async () => {
		const house = new House();
		const modem = await new Modem(house).start();
		try {
			fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
				.replace(/provider = "gammu" url = "[^"]*"/,
					`provider = "smstools" url = "spool:${modem.spool}" polish_letters = true`)
				.replace('office {', 'office { short_name = "Gmina Chełm Śląski" '));
			await body(house, modem);
		} finally {
			await modem.stop();
			house.close();
		}
	});
}

const owed = (house) => house.rows('outbox', 'list').filter((r) => r.channel === 'sms');
const words = 'Zażółć gęślą jaźń. Prosimy o ławki przy przystanku, bo jest ich za ' +
	'mało i starsi ludzie nie mają gdzie usiąść 😀.';

story('a long Polish text through the real smsd is filed whole, and the answer is on the air', async (house, modem) => {
	modem.receive({ text: `BL-7M4H ${words}` });
	await modem.until('the text', () => modem.files('incoming').length === 1);
	house.poll();
	const [row] = house.rows('journal');
	assert.equal(row.fate, 'filed', row.why);
	assert.equal(row.from, '+48110000301');
	assert.equal(row.received_at, '2026-11-22T11:00:00+01:00', 'by the network\'s clock');
	assert.equal(house.rows('remark', 'list')[0].text, words);
	assert.equal(owed(house)[0].state, 'sent', owed(house)[0].why);
	await modem.until('the answer', () => modem.files('sent').length === 1);
	assert.equal(modem.sent.length, owed(house)[0].segments, 'as many parts as we counted');
	assert.deepEqual(modem.files('incoming'), []);
	house.now = new Date(Date.parse(house.now) + 3 * 6e4).toISOString();
	house.poll();
	assert.equal(house.rows('journal').length, 1);
	assert.equal(owed(house)[0].arrival, 'passed');
});

story('accents that are kept leave whole', async (house, modem) => {
	modem.receive({ text: 'STAN' });
	await modem.until('the text', () => modem.files('incoming').length === 1);
	house.poll();
	const [answer] = owed(house);
	assert.match(answer.text, /Chełm Śląski/);
	await modem.until('the answer', () => modem.files('sent').length === 1);
	const ucs2 = Buffer.from('Chełm Śląski', 'utf16le').swap16().toString('hex').toUpperCase();
	assert.ok(modem.sent.join('').includes(ucs2.slice(0, 12)), modem.sent.join(' '));
	assert.equal(modem.sent.length, answer.segments);
});

story('a restored database finds its texts again', async (house, modem) => {
	house.run('backup', `${house.dir}/copy.db`);
	modem.receive({ text: 'BL-7M4H Prosimy o ławki.' });
	await modem.until('the text', () => modem.files('incoming').length === 1);
	house.poll();
	assert.equal(house.rows('journal').length, 1);
	house.run('restore', `${house.dir}/copy.db`);
	assert.equal(house.rows('journal').length, 0);
	const file = modem.files('processed')[0];
	fs.utimesSync(`${modem.spool}/processed/${file}`, new Date(), new Date(Date.now() - 10000));
	house.poll();
	assert.equal(house.rows('journal').length, 1);
});
