// smtp_relay - mail leaves through Postfix, with TLS and a login, to a destination
//
// smtp.test.mjs has the servers that misbehave; here the relay is a real one
// that is killed, restarted and cut off while mail goes through it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, House, residentMail, until } from './house.mjs';
import { Authority, Dovecot, Line, Postfix, SmtpSink } from './servers.mjs';

// A house, its relay behind a line, and where the relay hands on to.
function story(name, { smtp = {}, settings }, body) {
	test(name, async () => {
		const ca = new Authority();
		const servers = [];
		const up = async (server) => {
			servers.unshift(server);
			return server.start();
		};
		let house, daemon;
		try {
			const dovecot = await up(new Dovecot({ cert: ca.good }));
			const sink = await up(new SmtpSink());
			// Postfix would let its clients wait while it has much to hand on.
			const postfix = await up(new Postfix({ cert: ca.good, relay: sink.port, dovecot,
				settings: `in_flow_delay = 0\n${settings ?? ''}` }));
			const line = await up(new Line(postfix.smtps));
			house = new House({ smtp: { url: `smtps://localhost:${line.port}`, user: 'konsultacje',
				password: 'tajne-haslo', ca_file: ca.file, connections: 2, timeout: 5, ...smtp } });
			const before = Math.max(0, ...house.rows('outbox', 'list').map((r) => r.id));
			let came = 0;
			await body({ house, sink, postfix, line, ca,
				come: (n) => {
					for (let i = 0; i < n; i++)
						house.mail(residentMail(++came));
				},
				send: () => house.later('run', '--once'),
				owed: () => house.rows('outbox', 'list').filter((r) => r.id > before),
				start: (settings) => daemon = new Daemon(house, settings) });
		} finally {
			daemon?.child.kill('SIGKILL');
			house?.close();
			for (const server of servers)
				await server.close();
			ca.close();
		}
	});
}

const count = (ids) => ids.reduce((m, id) => m.set(id, (m.get(id) || 0) + 1), new Map());

// Each row marked as sent reached the destination: once, but for its doubts.
async function eachArrives(h) {
	await until('the relay has handed on', () => {
		const times = count(h.sink.messageIds());
		return h.owed().every((r) => r.state === 'sent' && times.has(`<${r.message_id}>`));
	});
	const times = count(h.sink.messageIds());
	for (const row of h.owed())
		assert.ok(times.get(`<${row.message_id}>`) <= 1 + row.doubts, `row ${row.id}`);
	assert.equal(times.size, h.owed().length);
}

story('Postfix takes mail after a login over TLS, and check says what it offers', {}, async (h) => {
	h.come(30);
	const done = await h.send();
	assert.equal(done.status, 0, done.stderr);
	await eachArrives(h);
	assert.ok(h.owed().every((r) => r.state === 'sent' && /^[0-9A-F]+$/.test(r.external_id)));
	const [mail] = h.sink.mails();
	assert.match(mail, /^X-Mail-Args: <konsultacje\+[a-z0-9.]+@powiat\.example>/m);
	assert.match(mail, /^Content-Transfer-Encoding: quoted-printable/m);
	const check = await h.house.later('check');
	assert.match(check.stdout, /smtp +ok +logged in; offers PIPELINING DSN SMTPUTF8 8BITMIME SIZE; certificate until/);
	assert.ok(!/tajne/.test(check.stdout + check.stderr + done.stderr));
});

story('a wrong password sends nothing, and the list says why', { smtp: { password: 'zgadywane' } }, async (h) => {
	h.come(3);
	const done = await h.send();
	assert.equal(done.status, 1);
	assert.match(done.stderr, /refuses the login/);
	assert.ok(!/zgadywane/.test(done.stderr));
	assert.ok(h.owed().every((r) => r.state === 'queued' && r.attempts === 0 && /refuses the login/.test(r.why)));
	assert.equal(h.sink.mails().length, 0);
});

story('recipients that Postfix refuses fail alone', { settings: `
smtpd_recipient_restrictions = check_recipient_access inline:{{osoba2@poczta.example = 550 5.1.1 no such user}, {osoba4@poczta.example = 450 4.2.0 come again}}
` }, async (h) => {
	h.come(5);
	const done = await h.send();
	assert.equal(done.status, 0, done.stderr);
	const rows = h.owed();
	assert.deepEqual(rows.map((r) => r.state), ['sent', 'failed', 'sent', 'deferred', 'sent']);
	assert.match(rows[1].why, /^550 5\.1\.1 .*no such user/);
	assert.match(rows[3].why, /^450 4\.2\.0 .*come again/);
	await until('the others', () => h.sink.mails().length === 3);
});

story('a relay that does not know us fails nobody\'s mail, and takes it once it does', {
	smtp: { user: '', password: undefined },
	settings: 'smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination' }, async (h) => {
	h.come(3);
	const done = await h.send();
	assert.equal(done.status, 1);
	assert.match(done.stderr, /takes no mail from us: 554 5\.7\.1 .*Relay access denied/);
	assert.deepEqual(h.owed().map((r) => r.state), ['deferred', 'queued', 'queued']);
	const secret = path.join(h.house.dir, 'smtp.secret');
	fs.writeFileSync(secret, 'tajne-haslo', { mode: 0o600 });
	fs.writeFileSync(h.house.conf, fs.readFileSync(h.house.conf, 'utf8')
		.replace(/^smtp \{(.*)user = ""/m, `smtp {$1user = "konsultacje" password_file = "${secret}"`));
	h.house.now = new Date(Date.parse(h.house.now) + 3600e3).toISOString();
	const again = await h.send();
	assert.equal(again.status, 0, again.stderr);
	await eachArrives(h);
});

story('a sender that is not ours to Postfix fails nobody\'s mail, and leaves as the office', { settings: `
smtpd_sender_login_maps = inline:{{konsultacje@powiat.example = konsultacje}}
smtpd_sender_restrictions = reject_sender_login_mismatch
` }, async (h) => {
	h.come(3);
	const done = await h.send();
	assert.equal(done.status, 1);
	assert.match(done.stderr, /takes no mail from us: 553 5\.7\.1 \.\.\. Sender address rejected: not owned by user.*envelope/);
	assert.ok(!/\+[a-z0-9.]+@/.test(done.stderr), 'no address');
	assert.deepEqual(h.owed().map((r) => r.state), ['deferred', 'queued', 'queued']);
	fs.writeFileSync(h.house.conf, fs.readFileSync(h.house.conf, 'utf8')
		.replace(/^smtp \{/m, 'smtp { envelope = "office"'));
	h.house.now = new Date(Date.parse(h.house.now) + 3600e3).toISOString();
	const again = await h.send();
	assert.equal(again.status, 0, again.stderr);
	await eachArrives(h);
});

story('the line is cut and mended while mail goes out', {}, async (h) => {
	h.come(200);
	const daemon = h.start({ now: null });
	for (let i = 1; i <= 3; i++) {
		await until('it goes on', () => h.sink.mails().length >= 20 * i);
		h.line.drop();
	}
	// What was in doubt comes again a minute later.
	await until('all but those in doubt', () => h.owed().length === 200 &&
		h.owed().every((r) => r.state === 'sent' || r.doubts > 0));
	await daemon.stop();
	const doubtful = h.owed().filter((r) => r.doubts > 0);
	assert.ok(doubtful.length <= 3 * 2, 'one a connection and cut');
	h.house.now = new Date(Date.now() + 3600e3).toISOString();
	assert.equal((await h.send()).status, 0);
	await eachArrives(h);
});

story('killed and started again in the middle, between a relay that restarts', {}, async (h) => {
	h.come(200);
	let daemon = h.start({ now: null });
	await until('it is at work', () => h.sink.mails().length >= 10);
	await daemon.kill();
	const inHand = h.house.rows('outbox', 'list', '--state', 'claimed').map((r) => r.id);
	assert.ok(inHand.length <= 100);
	await h.postfix.restart();
	daemon = h.start({ now: null });
	await until('all sent', () => h.owed().length === 200 && h.owed().every((r) => r.state === 'sent'));
	await daemon.stop();
	await eachArrives(h);
	assert.deepEqual(h.owed().filter((r) => r.doubts > 0).map((r) => r.id), inHand);
});
