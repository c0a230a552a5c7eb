// imap - mails on a real IMAP server become remarks, once, and are moved away
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { House } from './house.mjs';
import { Authority, Dovecot } from './servers.mjs';

let authority;
before(() => authority = new Authority());
after(() => authority.close());

const mail = (i, { from = `osoba${i}@poczta.example`, subject = 'BL-7M4H', id = `m${i}@poczta.example`,
	text = `Proszę o ławkę nr ${i} przy szkole.` } = {}) =>
	`From: Osoba ${i} <${from}>\r\nTo: konsultacje@powiat.example\r\nSubject: ${subject}\r\n` +
	(id ? `Message-ID: <${id}>\r\n` : '') +
	`MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;

// A house whose mailbox is on a Dovecot of its own; both end with the body.
async function withImap(options, body) {
	const { keys = {}, ...server } = options;
	const dovecot = new Dovecot({ cert: authority.good, layout: 'sdbox', ...server });
	let house;
	try {
		await dovecot.start();
		house = new House({ imap: { url: dovecot.url(), user: 'konsultacje',
			password: 'tajne-haslo', ca_file: authority.file, start: 'all', ...keys } });
		await body(house, dovecot);
	} finally {
		house?.close();
		await dovecot.close();
	}
}

const fates = (house) => house.rows('journal').map((r) => r.fate);
const confirmations = (house) => house.rows('outbox', 'list')
	.filter((r) => r.template === 'confirm_remark' && /^osoba/.test(r.to)).length;

for (const layout of ['sdbox', 'maildir']) {
	test(`mails become remarks with confirmations and are moved (${layout})`, async () => {
		await withImap({ layout }, async (house, dovecot) => {
			await dovecot.deliver([mail(1), mail(2, { text: 'Ścieżka do parku.' }), mail(3)]);
			house.poll();
			assert.deepEqual(fates(house), ['filed', 'filed', 'filed']);
			const texts = house.rows('remark', 'list').map((r) => r.text);
			assert.ok(texts.includes('Ścieżka do parku.'), texts.join());
			assert.equal(confirmations(house), 3);
			assert.equal(dovecot.count(), 0);
			assert.equal(dovecot.count('Przetworzone'), 3);
			house.poll();
			assert.equal(fates(house).length, 3);
		});
	});
}
