// alert - the administrator is told when something breaks, and when it is over
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { setClock, story, until } from './daemon.mjs';
import { residentMail as mail } from './house.mjs';
import { Authority, Dovecot, SmtpRecorder } from './servers.mjs';
import { SILENT, ScriptedSmtp } from './smtp_script.mjs';

const extra = 'alert { mail = "admin@powiat.example" sms = "+48110010099" }\n';

const letters = (house, words) => fs.readdirSync(path.join(house.dir, 'out/new'))
	.map((name) => fs.readFileSync(path.join(house.dir, 'out/new', name), 'latin1')
		.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))))
	.filter((letter) => words.test(letter));
const alerts = (house) => house.rows('outbox', 'list')
	.filter((r) => /alert_/.test(r.template))
	.map((r) => `${r.channel} ${r.template.replace('sms_', '')} ${r.state}`);

function away(house, folder) {
	const from = path.join(house.dir, folder);
	fs.renameSync(from, from + '.away');
	return () => fs.renameSync(from + '.away', from);
}

// A way out through a scripted server.
function through(house, server, keys = '', scheme = 'smtp') {
	const conf = fs.readFileSync(house.conf, 'utf8');
	fs.writeFileSync(house.conf, conf.replace(/^smtp \{.*$/m,
		`smtp { url = "${scheme}://localhost:${server.port}" connections = 1 ${keys} }`));
}

story('a mailbox that is silent for half an hour is told by mail and text, and once when it is well', async (house, start) => {
	setClock(house, '2026-11-22T12:00:00+01:00');
	let daemon = start();
	await daemon.said(/daemon started/);
	await until('a good poll', () => house.rows('stats')[0].last_polls['mailbox konsultacje']);
	const back = away(house, 'maildir');
	fs.writeFileSync(path.join(house.dir, 'maildir.away/new/1.eml'), mail(1)); // wakes it
	await daemon.said(/mailbox konsultacje failed/);
	setClock(house, '2026-11-22T12:20:00+01:00');
	assert.deepEqual(alerts(house), []);
	setClock(house, '2026-11-22T12:31:00+01:00');
	await daemon.said(/alert broken kind=source name="mailbox konsultacje"/);
	await until('both are sent', () => alerts(house).filter((a) => /sent/.test(a)).length === 2);
	assert.deepEqual(alerts(house), ['mail alert_broken sent', 'sms alert_broken sent']);
	const [letter] = letters(house, /^To: <?admin@powiat.example/m);
	assert.match(letter, /^Auto-Submitted: auto-generated\r?$/m);
	assert.match(letter, /uwaga check/);
	// Hours later, and by another daemon: not again.
	await daemon.stop();
	setClock(house, '2026-11-22T18:00:00+01:00');
	back();
	const gone = away(house, 'maildir/new');
	daemon = start();
	await until('it failed again', () => daemon.log.split('mailbox konsultacje failed').length > 2);
	setClock(house, '2026-11-22T19:00:00+01:00');
	gone();
	daemon.child.kill('SIGHUP'); // tries at once what was refused
	await until('a good poll', () =>
		house.rows('stats')[0].last_polls['mailbox konsultacje']?.startsWith('2026-11-22T19:0'));
	assert.equal(alerts(house).length, 2);
	setClock(house, '2026-11-22T19:02:00+01:00');
	await until('it is seen to be well', () => house.rows('stats')[0].alerts[0]?.well_since);
	setClock(house, '2026-11-22T19:13:00+01:00');
	await daemon.said(/alert over kind=source/);
	await until('both are sent', () => alerts(house).filter((a) => a.endsWith('alert_over sent')).length === 2);
	assert.deepEqual(house.rows('stats')[0].alerts, []);
	await daemon.stop();
}, { extra });

story('a way out that refuses us is told by run --once too, at once, by text', async (house) => {
	house.mail(mail(1));
	const back = away(house, 'out');
	assert.equal(house.try('run', '--once').status, 1);
	// Mail is what broke: by text.
	assert.deepEqual(alerts(house), ['sms alert_broken sent']);
	house.now = '2026-11-22T12:40:00+01:00';
	house.try('run', '--once');
	assert.equal(alerts(house).length, 1);
	back();
	for (const time of ['14:00', '14:01', '14:12']) {
		house.now = `2026-11-22T${time}:00+01:00`;
		house.poll();
	}
	assert.deepEqual(alerts(house), ['sms alert_broken sent', 'sms alert_over sent']);
	assert.equal(letters(house, /^To: <?osoba1@poczta.example/m).length, 1);
}, { extra });

story('mail that does not leave for half an hour is told, without a word of a resident', async (house) => {
	let rcpt = '450 4.2.1 <osoba1@poczta.example> try again later';
	const server = await new ScriptedSmtp({ script: { rcpt: () => rcpt } }).start();
	const run = async (...times) => {
		for (const time of times) {
			house.now = `2026-11-22T${time}:00+01:00`;
			const done = await house.later('run', '--once');
			assert.equal(done.status, 0, done.stderr);
		}
	};
	try {
		through(house, server);
		house.mail(mail(1));
		await run('12:00', '12:20', '12:40', '13:05');
		assert.deepEqual(alerts(house), []);
		await run('13:11');
		assert.deepEqual(alerts(house), ['sms alert_broken sent']);
		const [text] = house.rows('outbox', 'list').filter((r) => r.template === 'sms_alert_broken');
		assert.match(text.text, /mail/);
		assert.ok(!/osoba1|poczta|kurs/.test(text.text));
		assert.equal(house.rows('stats')[0].late_mails, 1);
		await run('13:45');
		assert.equal(alerts(house).length, 1);
		rcpt = undefined;
		await run('16:00', '16:01', '16:12');
		assert.deepEqual(alerts(house), ['sms alert_broken sent', 'sms alert_over sent']);
		assert.equal(server.accepted.length, 1);
	} finally {
		await server.close();
	}
}, { extra });

story('on a low disk nothing is fetched, what is owed leaves, and it goes on by itself', async (house, start) => {
	const shim = path.join(house.dir, 'disk.so'), free = path.join(house.dir, 'free');
	const made = spawnSync(process.env.CC || 'gcc', ['-O2', '-shared', '-fPIC',
		'-o', shim, 'tests/flow/disk.c'], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	const env = { LD_PRELOAD: shim, UWAGA_DISK: house.dir, UWAGA_DISK_FREE: free,
		ASAN_OPTIONS: 'verify_asan_link_order=0' };
	const room = (mib) => {
		fs.writeFileSync(free + '.new', String(mib));
		fs.renameSync(free + '.new', free);
	};
	room(1000);
	setClock(house, '2026-11-22T12:00:00+01:00');
	const daemon = start({ env });
	await daemon.said(/daemon started/);
	house.mail(mail(1));
	await until('an answer', () => letters(house, /To: <?osoba1@/).length === 1);
	room(199);
	await daemon.said(/daemon disk low/);
	await until('told by mail', () => letters(house, /To: <?admin@/).length === 1);
	assert.deepEqual(alerts(house), ['mail alert_broken sent']);
	house.mail(mail(2));
	room(240); // not yet a quarter more
	await daemon.said(/daemon owes alerts=1/);
	setClock(house, '2026-11-22T13:00:00+01:00');
	await until('the hour has been seen', () => house.rows('stats')[0].alerts.length === 1);
	assert.equal(letters(house, /To: <?osoba2@/).length, 0);
	room(250);
	await until('the second answer', () => letters(house, /To: <?osoba2@/).length === 1);
	await daemon.said(/daemon disk has room again/);
	assert.deepEqual(alerts(house), ['mail alert_broken sent'], 'no alert about a silent source');
	await daemon.stop();
}, { extra });

story('what breaks while a consultation closes within a day is urgent, by both ways, daily', async (house) => {
	house.run('consultation', 'open', 'BL-7M4H', '--closes', '2026-11-23 11:00');
	fs.renameSync(path.join(house.dir, 'spool'), path.join(house.dir, 'spool.away'));
	fs.mkdirSync(path.join(house.dir, 'spool'));
	for (const d of ['outbox', 'sent', 'error'])
		fs.mkdirSync(path.join(house.dir, 'spool', d));
	house.try('run', '--once');
	house.now = '2026-11-22T12:40:00+01:00';
	house.try('run', '--once');
	assert.deepEqual(alerts(house), ['mail alert_broken sent', 'sms alert_broken sent']);
	const [letter] = letters(house, /To: <?admin@/);
	assert.match(letter, /BL-7M4H/);
	const [text] = house.rows('outbox', 'list').filter((r) => r.channel === 'sms');
	assert.match(text.text, /PILNE/);
	house.now = '2026-11-22T20:00:00+01:00';
	house.try('run', '--once');
	assert.equal(alerts(house).length, 2);
	house.run('consultation', 'open', 'BL-7M4H', '--closes', '2026-11-24 11:00');
	house.now = '2026-11-23T13:00:00+01:00';
	house.try('run', '--once');
	assert.equal(alerts(house).length, 4);
}, { extra });

story('the head of the chain goes out once a day and proves the record', async (house) => {
	house.mail(mail(1));
	house.poll();
	house.now = '2026-11-22T18:00:00+01:00';
	house.poll();
	let heads = letters(house, /^To: <?notariusz@biuro.example/m);
	assert.equal(heads.length, 1);
	const [, head] = heads[0].match(/uwaga verify --head \\\s+([0-9a-f]{64})\s/);
	house.mail(mail(2));
	house.now = '2026-11-23T00:05:00+01:00';
	house.poll();
	heads = letters(house, /^To: <?notariusz@biuro.example/m);
	assert.equal(heads.length, 2);
	assert.match(house.run('verify', '--head', head), /head/);
	const other = head.replace(/^./, (c) => c === '0' ? '1' : '0');
	assert.equal(house.try('verify', '--head', other).status, 1);
}, { extra: 'anchor = "notariusz@biuro.example"\n' });

story('a certificate that is not right is told at once, by text, and once when it is', async (house, start) => {
	const ca = new Authority();
	const server = await new SmtpRecorder({ cert: ca.good }).start();
	try {
		setClock(house, '2026-11-22T12:00:00+01:00');
		through(house, server);
		const pin = (cert) => `pin = "${cert.pin}"`;
		through(house, server, pin(ca.wrongName), 'smtps'); // of another key
		house.mail(mail(1));
		const daemon = start();
		await daemon.said(/alert broken kind=way name="smtp"/);
		await until('a text', () => alerts(house).includes('sms alert_broken sent'));
		assert.deepEqual(alerts(house), ['sms alert_broken sent']);
		const refused = await house.later('--json', 'check', '--within', '10');
		assert.equal(refused.status, 1);
		const row = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line)).find((r) => r.what === 'smtp');
		assert.equal(row(refused.stdout).result, 'WRONG');
		assert.ok(row(refused.stdout).note.includes(ca.good.pin), 'the key, for comparison');
		// Mended: a reload tries it at once.
		through(house, server, pin(ca.good), 'smtps');
		daemon.child.kill('SIGHUP');
		await until('the answer', () => server.mails.length === 1);
		const good = row((await house.later('--json', 'check')).stdout);
		assert.deepEqual([good.result, good.certificate_expires?.slice(0, 4)], ['ok', '2045']);
		assert.ok(good.note.includes(ca.good.pin));
		setClock(house, '2026-11-22T12:02:00+01:00');
		await until('it is seen to be well', () => house.rows('stats')[0].alerts[0]?.well_since);
		setClock(house, '2026-11-22T12:13:00+01:00');
		await daemon.said(/alert over kind=way name="smtp"/);
		await until('a text', () => alerts(house).includes('sms alert_over sent'));
		await daemon.stop();
	} finally {
		await server.close();
		ca.close();
	}
}, { extra });

story('a server that says nothing holds up neither the end of the daemon nor a check', async (house, start) => {
	const server = await new ScriptedSmtp({ script: { greeting: () => SILENT } }).start();
	try {
		through(house, server);
		house.mail(mail(1));
		const daemon = start();
		await until('it waits for the server', () => server.connections > 0);
		const began = Date.now();
		const done = await house.later('--json', 'check', '--within', '2');
		assert.ok(Date.now() - began < 10000, 'within its time');
		assert.equal(done.status, 1);
		const rows = done.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
		assert.match(rows.find((r) => r.what === 'smtp').note, /given up after 2 seconds/);
		assert.equal(rows.filter((r) => r.result === 'WRONG' && r.what !== 'templates').length, 1, 'the others were tried');
		await daemon.stop(); // within ten seconds
		house.now = '2026-11-22T12:30:00+01:00';
		assert.equal(house.rows('remark', 'list').length, 1);
	} finally {
		await server.close();
	}
}, { extra });

story('a login that a mail server refuses is told at once, by mail and text, never with the password', async (house, start) => {
	const ca = new Authority();
	const dovecot = await new Dovecot({ cert: ca.expiring }).start();
	const secret = path.join(house.dir, 'imap.secret');
	try {
		fs.writeFileSync(secret, 'nie-to-haslo', { mode: 0o600 });
		const conf = fs.readFileSync(house.conf, 'utf8');
		fs.writeFileSync(house.conf, conf.replace(/^mailbox "konsultacje" \{ url = "[^"]*"/m,
			`mailbox "konsultacje" { url = "imaps://localhost:${dovecot.imaps}/INBOX" user = "konsultacje" ` +
			`password_file = "${secret}" ca_file = "${ca.file}"`));
		setClock(house, new Date().toISOString());
		const daemon = start();
		await daemon.said(/alert broken kind=source name="mailbox konsultacje"/);
		await until('told by both', () => alerts(house).filter((a) => a.endsWith('alert_broken sent')).length === 2);
		assert.ok(!/nie-to-haslo/.test(daemon.log));
		assert.equal(letters(house, /nie-to-haslo/).length, 0);
		// It is not tried again and again: that would lock the account.
		assert.match(daemon.log, /mailbox konsultacje failed retry_ms=[4-7]\d{4} /);
		fs.writeFileSync(secret, 'tajne-haslo', { mode: 0o600 });
		daemon.child.kill('SIGHUP');
		await until('a good poll', () => house.rows('stats')[0].last_polls['mailbox konsultacje']);
		// The certificate has five days left.
		setClock(house, new Date(Date.now() + 61000).toISOString());
		await daemon.said(/alert broken kind=certificate name="mailbox konsultacje"/);
		const said = await house.later('--json', 'check');
		const row = said.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
			.find((r) => r.what === 'mailbox konsultacje');
		assert.equal(row.result, 'note');
		assert.match(row.note, /the certificate ends in [45] days/);
		assert.ok(row.note.includes(ca.expiring.pin), 'the key, for comparison');
		assert.ok(row.certificate_expires && row.last_poll);
		await daemon.stop();
	} finally {
		await dovecot.close();
		ca.close();
	}
}, { extra });

story('a certificate that runs out is not called well because its server cannot be reached', async (house, start) => {
	const ca = new Authority();
	const server = await new SmtpRecorder({ cert: ca.expiring }).start();
	const at = (minutes) => setClock(house, new Date(began + minutes * 60000).toISOString());
	const began = Date.now();
	try {
		at(0);
		through(house, server, `pin = "${ca.expiring.pin}"`, 'smtps');
		house.mail(mail(1));
		let daemon = start();
		await until('the answer', () => server.mails.length === 1);
		at(2);
		await daemon.said(/alert broken kind=certificate name="smtp"/);
		await daemon.stop();
		await server.close();
		house.mail(mail(2));
		daemon = start();
		await daemon.said(/outbox mail 1 failed/);
		at(40);
		await daemon.said(/alert broken kind=way name="smtp"/);
		const back = away(house, 'spool/inbox');
		await daemon.said(/sms bramka failed/);
		at(90);
		await daemon.said(/alert broken kind=source name="sms bramka"/);
		back();
		await daemon.stop();
		assert.ok(!/alert over kind=certificate/.test(daemon.log));
	} finally {
		await server.close().catch(() => {});
		ca.close();
	}
}, { extra });
