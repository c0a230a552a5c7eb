// gammu - texts in and out through the real gammu-smsd and its dummy phone
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House } from './house.mjs';
import { Phone } from './phone.mjs';

function story(name, body) {
	test(name, async () => {
		const house = new House();
		const phone = new Phone(house);
		try {
			await body(house, phone);
		} finally {
			await phone.stop();
			house.close();
		}
	});
}

const owed = (house) => house.rows('outbox', 'list').filter((r) => r.channel === 'sms');

const words = 'Zażółć gęślą jaźń. Prosimy o ławki przy przystanku, bo jest ich za ' +
	'mało i starsi ludzie nie mają gdzie usiąść, a zimą na chodniku obok jest ślisko.';

story('a long Polish text in the C locale is filed whole and confirmed in as many parts as we counted', async (house, phone) => {
	assert.ok(phone.receive({ from: '+48110000301', text: `BL-7M4H ${words}` }) > 2);
	await phone.until('the text in the inbox', () => phone.files('inbox').length === 1);
	house.poll();
	const [row] = house.rows('journal');
	assert.equal(row.fate, 'filed', row.why);
	assert.equal(house.rows('remark', 'list')[0].text, words);
	assert.equal(row.received_at, '2026-11-22T11:00:00+01:00');
	const [answer] = owed(house);
	assert.equal(answer.state, 'sent', answer.why);
	await phone.until('the confirmation on the air', () => phone.files('sent').length === 1);
	assert.match(phone.said(), new RegExp(`\\(total: ${answer.segments}\\) to \\+48110000301`));
	assert.deepEqual(phone.files('error'), []);
});

story('what gammu-smsd did with an answer is asked and shown: it waits, is on the air, or failed', async (house, phone) => {
	const later = (minutes) => house.now = new Date(Date.parse(house.now) + minutes * 6e4).toISOString();
	const arrivals = () => owed(house).map((r) => r.arrival);
	phone.receive({ from: '+48110000301', text: 'BL-7M4H Prosimy o ławki.' });
	await phone.until('the text in the inbox', () => phone.files('inbox').length === 1);
	house.poll();
	assert.deepEqual(arrivals(), ['open'], 'in gammu-smsd\'s hands');
	await phone.until('the answer on the air', () => phone.files('sent').length === 1);
	later(3);
	house.poll();
	assert.deepEqual(arrivals(), ['passed']);
	assert.match(house.run('outbox', 'show', String(owed(house)[0].id)), /arrival\s+passed/);
	await phone.stop(); // and no modem any more
	house.text({ from: '+48110000302', text: 'BL-7M4H Prosimy o kosze.', at: house.now });
	house.poll();
	later(3);
	house.poll();
	assert.deepEqual(arrivals(), ['passed', 'open'], 'it waits');
	const [file] = phone.files('outbox');
	fs.renameSync(path.join(phone.spool, 'outbox', file), path.join(phone.spool, 'error', file));
	later(3);
	house.poll();
	assert.deepEqual(arrivals(), ['passed', 'failed']);
	assert.match(house.run('outbox', 'show', String(owed(house)[1].id)), /could not send it; see the folder error/);
	assert.equal(house.rows('stats')[0].consultations.find((c) => c.code === 'BL-7M4H').undelivered, 1);
});

story('what we spool for accents leaves whole in the C locale', async (house, phone) => {
	fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8')
		.replace('provider = "gammu"', 'provider = "gammu" polish_letters = true')
		.replace('office {', 'office { short_name = "Gmina Chełm Śląski" '));
	phone.receive({ from: '+48110000301', text: 'STAN' });
	await phone.until('the text in the inbox', () => phone.files('inbox').length === 1);
	house.poll();
	const [answer] = owed(house);
	assert.match(answer.text, /[ąćęłńóśźż]/);
	await phone.until('the answer on the air', () => phone.files('sent').length === 1);
	assert.match(phone.said(), new RegExp(`\\(total: ${answer.segments}\\) to `));
	const sent = fs.readFileSync(path.join(phone.spool, 'sent', phone.files('sent')[0]));
	assert.equal(sent.subarray(2).swap16().toString('utf16le'), answer.text);
});

story('a segment that never comes leaves one held message that shows the gap', async (house, phone) => {
	phone.receive({ from: '+48110000301', text: `BL-7M4H ${words}`, only: [1, 3] });
	await phone.until('both pieces', () => phone.files('inbox').length === 2);
	house.poll();
	const journal = house.rows('journal');
	assert.equal(journal.length, 1, 'two pieces are one message');
	assert.equal(journal[0].fate, 'held', journal[0].why);
	assert.match(house.rows('inbound', 'list')[0].text,
		/Zażółć .* \[\.\.\.\] .*ślisko\.$/);
	house.poll();
	assert.equal(house.rows('journal').length, 1);
});

story('a foreign number is answered; a name and a short number are not', async (house, phone) => {
	phone.receive({ from: '+49110000301', text: 'BL-7M4H Eine Bank, bitte.' });
	phone.receive({ from: 'INFO', text: 'BL-7M4H Promocja!' });
	phone.receive({ from: '7248', text: 'BL-7M4H Wygrana!' });
	await phone.until('three texts', () => phone.files('inbox').length === 3);
	house.poll();
	assert.deepEqual(owed(house).map((r) => r.to), ['+49110000301']);
	await phone.until('the answer on the air', () => phone.files('sent').length === 1);
	assert.match(phone.said(), /to \+49110000301, /);
});
