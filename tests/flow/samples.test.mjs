// samples - every sample message, through the real program, to its fate
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, fold } from './house.mjs';
import { Phone } from './phone.mjs';

// What a sample's kind becomes in this release: what is not answered yet by the
// gateway itself is held for staff.
const fates = {
	remark: 'filed', multi_code: 'filed', unknown_code: 'held', no_code: 'held',
	closed: 'closed', not_open: 'not_open', empty: 'empty',
	duplicate: 'duplicate', unsubscribe: 'command', stop: 'command',
	confirm_suggestion: 'command', autoreply: 'automatic', bounce: 'bounce',
	rsvp: 'rsvp', rsvp_yes: 'held', staff_broadcast: 'staff', spam: 'held',
	help: 'command',
};
const unanswered = new Set(['rsvp_yes', 'spam', 'autoreply', 'bounce']);
const staff = 'staff "a.mrozek@powiat.example" { name = "Anna Mrozek" rights = "announce" }';

// Texts have notices before them here, and are answered in full.
const textFates = { ...fates, rsvp_yes: 'rsvp', spam: 'spam' };

const mails = fs.readdirSync('samples/mail').filter((f) => f.endsWith('.eml'))
	.sort().map((file) => ({
		file,
		bytes: fs.readFileSync(path.join('samples/mail', file)),
		want: JSON.parse(fs.readFileSync(path.join('tests/data/samples',
			file.replace('.eml', '.json')), 'utf8')),
	}));
const texts = fs.readFileSync('samples/sms.jsonl', 'utf8').split('\n')
	.filter(Boolean).map((line) => JSON.parse(line));

const replyTemplates = (house, id) => house.rows('outbox', 'list')
	.filter((row) => row.inbound === id).map((row) => row.template);

test('every sample mail meets its fate, and its author gets the right answer', async (t) => {
	const house = new House({ extra: staff });
	for (const mail of mails)
		mail.key = house.mail(mail.bytes);
	house.poll();
	const journal = house.rows('journal');
	const remarks = house.rows('remark', 'list');
	assert.equal(journal.length, mails.length, 'received = sum of fates');

	for (const mail of mails)
		await t.test(mail.file, () => {
			const row = journal.find((r) => r.external_id === mail.key);
			const own = remarks.filter((r) => r.inbound === row.id);
			const answers = replyTemplates(house, row.id);
			assert.equal(row.fate, fates[mail.want.kind], row.why);
			if (mail.want.kind === 'remark') {
				assert.equal(own.length, 1);
				assert.equal(own[0].code, mail.want.code);
				assert.equal(fold(own[0].text), fold(mail.want.remark));
			}
			if (mail.want.kind === 'multi_code')
				assert.deepEqual(own.map((r) => [r.code, fold(r.text)]),
					mail.want.remarks.map((r) => [r.code, fold(r.text)]));
			assert.deepEqual(answers,
				unanswered.has(mail.want.kind) || mail.want.auto_reply === null
					? [] : [mail.want.auto_reply]);
			for (const leak of mail.want.must_not_contain)
				assert.ok(!own.some((r) => r.text.includes(leak)), leak);
		});

	await t.test('a second run changes nothing', () => {
		house.poll();
		assert.deepEqual(house.rows('journal'), journal);
		assert.deepEqual(house.rows('remark', 'list'), remarks);
	});
	await t.test('the chain verifies', () => house.run('verify'));
	house.close();
});

// Those whose context says that we told them of a meeting are told of it for
// real, some minutes before the first of them answers.
function announce(house) {
	const told = texts.filter((sms) => sms.context?.last_outbound?.startsWith('meeting:'));
	const meeting = told[0].context.last_outbound.split(':')[1];
	house.now = new Date(Date.parse(told[0].received_at) - 10 * 60000).toISOString();
	for (const sms of told) {
		assert.equal(sms.context.last_outbound, `meeting:${meeting}`);
		house.run('subscription', 'add', sms.from, '--commune', 'Bieruń', '--source', 'lista obecności',
			'--consent', '2026-11-01');
	}
	house.run('meeting', 'announce', meeting, '--yes', String(told.length));
	house.poll();
	assert.equal(house.rows('outbox', 'list').filter((r) => r.template === 'sms_meeting' ||
		(r.channel === 'sms' && r.inbound === null && r.state === 'sent')).length, told.length);
	return told[0];
}

// Plays the script; `arrive` brings one text to where the gateway finds it.
async function play(t, house, arrive) {
	const ids = {};
	let first = texts.find((sms) => sms.context?.last_outbound?.startsWith('meeting:'));
	for (const sms of texts) {
		if (sms.expect.notes?.startsWith('webhook retry'))
			continue; // the same provider id: a spool has no such thing
		if (sms === first)
			first = announce(house) && undefined;
		await t.test(`${sms.id} ${sms.text.slice(0, 30)}`, async () => {
			house.now = sms.received_at;
			await arrive(sms);
			house.poll();
			const row = house.rows('journal').at(-1);
			const own = house.rows('remark', 'list')
				.filter((r) => r.inbound === row.id);
			ids[sms.id] = row.id;
			assert.equal(row.fate, textFates[sms.expect.intent], row.why);
			assert.equal(Date.parse(row.received_at), Date.parse(sms.received_at));
			if (sms.expect.code)
				assert.equal(row.code, sms.expect.code);
			if (sms.expect.intent === 'remark') {
				assert.equal(own.length, 1);
				assert.equal(own[0].code, sms.expect.code);
				assert.equal(own[0].text, sms.expect.remark);
			}
			if (sms.expect.intent === 'multi_code')
				assert.deepEqual(own.map((r) => [r.code, r.text]),
					sms.expect.remarks.map((r) => [r.code, r.text]));
			assert.deepEqual(replyTemplates(house, sms.expect.files
				? ids[sms.expect.files] : row.id).slice(-1),
			sms.expect.reply === null ? [] : [sms.expect.reply]);
			if (sms.expect.meeting) {
				const [told] = house.rows('meeting', 'show', sms.expect.meeting);
				assert.equal(told.yes, 1);
			}
			if (sms.expect.files) {
				const filed = house.rows('remark', 'list')
					.filter((r) => r.inbound === ids[sms.expect.files]);
				assert.equal(filed.length, 1);
				assert.equal(filed[0].code, sms.expect.code);
			}
		});
	}
}

test('every sample text, played as a script, meets its fate', async (t) => {
	const house = new House();
	await play(t, house, ({ from, text, received_at: at }) => house.text({ from, text, at }));
	house.close();
});

test('the same through the running gammu-smsd and its phone', async (t) => {
	const house = new House();
	const phone = new Phone(house);
	try {
		await play(t, house, ({ from, text, received_at: at }) => {
			phone.receive({ from, text, at });
			return phone.until('the text in the inbox', () => phone.files('inbox').length === 1);
		});
		await t.test('every answer went on the air', async () => {
			const sent = house.rows('outbox', 'list')
				.filter((r) => r.channel === 'sms' && r.state === 'sent');
			await phone.until('the answers', () => phone.files('sent').length === sent.length);
			assert.deepEqual(phone.files('error'), []);
			const to = phone.files('sent').map((f) => f.split('_')[3]).sort();
			assert.deepEqual(to, sent.map((r) => r.to).sort());
		});
	} finally {
		await phone.stop();
		house.close();
	}
});
