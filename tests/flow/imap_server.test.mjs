// imap - mails on a real IMAP server become remarks, once, and are moved away
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Daemon, House, until } from './house.mjs';
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
const count = (list, what) => list.filter((x) => x === what).length;
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

// The number of the durable step of that name in a run like this one.
async function stepOf(name, options, mails) {
	let n;
	await withImap(options, async (house, dovecot) => {
		await dovecot.deliver(mails);
		const log = path.join(house.dir, 'steps');
		process.env.UWAGA_CRASH_LOG = log;
		try {
			house.poll();
		} finally {
			delete process.env.UWAGA_CRASH_LOG;
		}
		const steps = fs.readFileSync(log, 'utf8').split('\n').filter((l) => l.endsWith(name));
		n = steps.at(-1).split(' ')[0];
	});
	return n;
}

test('killed between the commit and the move: one remark, one confirmation, moved later', async () => {
	const mails = [mail(1), mail(2)];
	const step = await stepOf('imap: stored, not moved', {}, mails);
	await withImap({}, async (house, dovecot) => {
		await dovecot.deliver(mails);
		process.env.UWAGA_CRASH_AT = step;
		const died = house.try('run', '--once');
		delete process.env.UWAGA_CRASH_AT;
		assert.equal(died.signal, 'SIGKILL');
		assert.deepEqual(fates(house), ['filed', 'filed']);
		assert.equal(dovecot.count(), 2);
		house.poll();
		assert.deepEqual(fates(house), ['filed', 'filed']);
		assert.equal(confirmations(house), 2);
		assert.equal(dovecot.count(), 0);
		assert.equal(dovecot.count('Przetworzone'), 2);
	});
});

test('receipt is when the server took it, whatever the mail says', async () => {
	await withImap({}, async (house, dovecot) => {
		const late = 'Received: from mx.poczta.example by mx.powiat.example; Fri, 20 Nov 2026 08:00:00 +0100\r\n' + mail(1);
		await dovecot.deliver([late], { at: '21-Nov-2026 23:30:00 +0100' });
		house.poll();
		assert.equal(house.rows('journal')[0].received_at, '2026-11-21T23:30:00+01:00');
	});
});

test('first contact begins at the present end; mail from before stays where it is', async () => {
	await withImap({ keys: { start: 'now' } }, async (house, dovecot) => {
		await dovecot.deliver([mail(1), mail(2)]);
		house.poll();
		assert.deepEqual(fates(house), []);
		assert.match(house.try('check').stdout,
			/certificate of CN=localhost, good until .*sha256.*INBOX holds 2 mails: 2 from before the first contact, 0 waiting/);
		await dovecot.deliver([mail(3)]);
		assert.match(house.try('check').stdout, /2 from before the first contact, 1 waiting/);
		house.poll();
		assert.deepEqual(fates(house), ['filed']);
		assert.equal(dovecot.count(), 2);
	});
});

for (const layout of ['sdbox', 'maildir']) {
	test(`a new UIDVALIDITY: what is stored is recognised, old mail stays old (${layout})`, async () => {
		const at = '01-Nov-2026 10:00:00 +0100';
		await withImap({ layout, keys: { start: 'now' } }, async (house, dovecot) => {
			await dovecot.deliver([mail(1)], { at });
			house.poll();
			await dovecot.deliver([mail(2)], { at: '22-Nov-2026 11:59:00 +0100' });
			house.poll();
			dovecot.bumpUidValidity();
			await dovecot.deliver([mail(3)], { at: '22-Nov-2026 11:59:30 +0100' });
			house.poll();
			house.poll();
			assert.deepEqual(fates(house), ['filed', 'filed']);
			assert.equal(dovecot.count(), 1);
			// A copy of a stored one that comes later is a duplicate, and counted.
			await dovecot.deliver([mail(3)]);
			house.poll();
			assert.deepEqual(fates(house).sort(), ['duplicate', 'filed', 'filed']);
		});
	});
}

test('a large mail under the limit is stored whole; above the limit its beginning', async () => {
	const large = (i, mb) => `From: Osoba ${i} <osoba${i}@poczta.example>\r\nSubject: BL-7M4H\r\n` +
		`Message-ID: <m${i}@poczta.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n` +
		`--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nProszę o mapę nr ${i}.\r\n--b\r\n` +
		'Content-Type: application/octet-stream; name="mapa.bin"\r\nContent-Disposition: attachment; filename="mapa.bin"\r\n' +
		`Content-Transfer-Encoding: base64\r\n\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(mb * 13400)}--b--\r\n`;
	await withImap({ keys: { max_message_size: 30 << 20, oversize: 'Za duże' } }, async (house, dovecot) => {
		await dovecot.deliver([large(1, 20), large(2, 35)]);
		house.poll();
		assert.deepEqual(fates(house), ['filed', 'filed']);
		assert.deepEqual(house.rows('remark', 'list').map((r) => r.text).filter((t) => /mapę/.test(t)).sort(),
			['Proszę o mapę nr 1.', 'Proszę o mapę nr 2.']);
		assert.equal(dovecot.count('Przetworzone'), 1);
		assert.equal(dovecot.count('Za du&AXw-e') + dovecot.count('Za duże'), 1);
		assert.ok(house.rows('inbound', 'list').some((r) => r.from === 'osoba2@poczta.example'), 'staff see it');
	});
});

test('IDLE tells of mail within a second; the daemon stops at once', async () => {
	await withImap({ keys: { poll_every: 3600 } }, async (house, dovecot) => {
		const daemon = new Daemon(house);
		await daemon.said(/daemon started/);
		await dovecot.deliver([mail(1)]);
		await until('the first is moved', () => dovecot.count('Przetworzone') === 1);
		const client = await dovecot.client();
		const began = Date.now();
		await client.append('INBOX', [mail(2)], '22-Nov-2026 10:00:00 +0100');
		await daemon.said(/intake stored msg=2/);
		assert.ok(Date.now() - began < 1000, `${Date.now() - began} ms`);
		await client.logout();
		await daemon.stop();
	});
});

test('junk is held and stays; a thousand mails come in, once', async () => {
	const many = Array.from({ length: 1000 }, (_, i) => mail(i + 1));
	await withImap({ keys: { junk: 'Junk' } }, async (house, dovecot) => {
		await dovecot.deliver(many);
		await dovecot.deliver([mail(2001)], { into: 'Junk' });
		house.poll();
		assert.equal(count(fates(house), 'filed'), 1000);
		assert.equal(count(fates(house), 'held'), 1);
		assert.equal(dovecot.count(), 0);
		assert.equal(dovecot.count('Przetworzone'), 1000);
		assert.equal(dovecot.count('Junk'), 1);
		assert.equal(house.rows('inbound', 'list')[0].why, 'it lay in the folder Junk');
	});
});

test('a restored copy reads again what came since, and recognises what it has', async () => {
	await withImap({ keys: { start: 'now' } }, async (house, dovecot) => {
		await dovecot.deliver([mail(1)], { at: '01-Nov-2026 10:00:00 +0100' });
		house.poll();
		await dovecot.deliver([mail(2), mail(3)]);
		house.poll();
		const copy = path.join(house.dir, 'copy.db');
		house.run('backup', copy);
		await dovecot.deliver([mail(4)]);
		house.poll();
		house.run('restore', copy);
		assert.deepEqual(fates(house), ['filed', 'filed']);
		await dovecot.deliver([mail(5)]);
		house.poll();
		house.poll();
		assert.deepEqual(fates(house), ['filed', 'filed', 'filed', 'filed']);
		assert.equal(dovecot.count(), 1, 'the old one');
		assert.equal(dovecot.count('Przetworzone'), 4);
	});
});

test('the server goes away and comes back', async () => {
	await withImap({ keys: { poll_every: 1 } }, async (house, dovecot) => {
		const daemon = new Daemon(house);
		await dovecot.deliver([mail(1)]);
		await daemon.said(/intake stored msg=1/);
		await dovecot.stop();
		await daemon.said(/mailbox konsultacje failed retry_ms=\d+ why="mailbox konsultacje: /);
		await dovecot.start();
		await dovecot.deliver([mail(2)]);
		await daemon.said(/intake stored msg=2/);
		await daemon.stop();
		assert.deepEqual(fates(house), ['filed', 'filed']);
	});
});
