// smtp_us - what a mail server says of us is not taken for what it says of people
//
// A login that has ended, a sender that we may not have, a server that relays for
// others only: nothing of that is final for anybody's mail.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { House, residentMail } from './house.mjs';
import { Authority, TokenServer } from './servers.mjs';
import { ScriptedSmtp } from './smtp_script.mjs';
import { anHourLater, dated, eachOnce, person, story } from './smtp_story.mjs';

for (const [what, step, words] of [
	['relays for others only', 'rcpt', '554 5.7.1 <x@poczta.example>: Relay access denied'],
	['says so in a bare reply', 'rcpt', '550 relaying denied'],
	['wants a login', 'rcpt', '530 5.7.57 Client not authenticated to send mail'],
	['wants a login at DATA', 'data', '530 5.7.0 Authentication required'],
	['does not let us have this sender', 'dot', '550 5.7.60 Client does not have permissions to send as this sender'],
	['has a quota for us', 'dot', '550 5.4.5 Daily user sending limit exceeded'],
])
	for (const offers of [['PIPELINING', 'ENHANCEDSTATUSCODES'], []])
		story(`a server that ${what} fails nobody's mail${offers.length ? '' : ', one thing at a time'}`,
			{ server: { offers, script: { [step]: () => words } } }, async (house, server) => {
				house.come(4);
				const done = await house.send();
				assert.equal(done.status, 1);
				assert.match(done.stderr, /takes no mail from us: 5/);
				assert.ok(!/x@poczta/.test(done.stderr), 'no address');
				assert.match(done.stderr, /alert broken kind=way name="smtp"/, 'told at once');
				assert.deepEqual(house.states(), ['deferred', 'queued', 'queued', 'queued']);
				assert.deepEqual(dated(house.owed(), 'attempts'), [1, 0, 0, 0]);
				server.script[step] = undefined;
				anHourLater(house);
				assert.equal((await house.send()).status, 0);
				assert.equal(server.accepted.length, 4);
				eachOnce(house, server);
			});

for (const words of ['530 5.7.0 Authentication required', '452 4.5.3 too many mails over this connection'])
	story(`after two mails ${words.slice(0, 3)}: the next connection goes on, and nothing is told`, {
		server: { script: { mail: (s) => s.mails >= 2 ? words : undefined } } }, async (house, server) => {
		house.come(7);
		const done = await house.send();
		assert.equal(done.status, 0, done.stderr);
		assert.ok(house.states().every((s) => s === 'sent'));
		assert.ok(house.owed().every((r) => r.attempts === 1));
		assert.equal(server.connections, 4);
		assert.ok(!/alert/.test(done.stderr));
		eachOnce(house, server);
	});

story('a refusal of the recipient is final, whatever the words around it', { server: { script: {
	rcpt: (s) => s.letter.to === person(1) ? '550 5.1.1 no such user at this relay' : undefined } } },
	async (house) => {
		house.come(2);
		assert.equal((await house.send()).status, 0);
		assert.deepEqual(house.states(), ['failed', 'sent']);
	});

story('an answer too many is not taken for the one to the mail', { server: { script: {
	data: (s) => s.letter.to === person(2)
		? '354 go on\r\n250 2.0.0 Ok: queued as GHOST' : undefined } } }, async (house, server) => {
	house.come(3);
	const done = await house.send();
	assert.equal(done.status, 0, done.stderr);
	assert.deepEqual(house.states(), ['sent', 'deferred', 'sent']);
	assert.match(house.owed()[1].why, /more than it was asked/);
	assert.equal(house.owed()[1].doubts, 0);
	server.script.data = undefined;
	anHourLater(house);
	assert.equal((await house.send()).status, 0);
	eachOnce(house, server);
	assert.equal(server.accepted.length, 3);
});

for (const [how, words] of [['530', '530 5.7.0 token expired'], ['421', '421 4.7.0 token expired']])
	test(`an access token that ends within a session (${how}) is renewed, and nothing is told`, async () => {
		const ca = new Authority();
		let given = 0, logins = 0;
		const tokens = await new TokenServer({ reply: () =>
			({ body: { access_token: `token${++given}`, expires_in: 3600 } }) }).start();
		// The second login shows the token of before, which is no good any more.
		const server = await new ScriptedSmtp({ cert: ca.good, offers: ['PIPELINING', 'AUTH XOAUTH2'], script: {
			mail: (s) => s.mails >= 3 && logins === 1 ? words : undefined,
			auth: () => ++logins === 2 ? '535 5.7.8 token expired' : undefined } }).start();
		let house;
		try {
			house = new House({ smtp: { url: `smtp://localhost:${server.port}`, connections: 1,
				user: 'konsultacje', password: 'tajne', ca_file: ca.file } });
			const secret = path.join(house.dir, 'client.secret');
			fs.writeFileSync(secret, 'tajne', { mode: 0o600 });
			fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(/^smtp \{(.*)password_file = "[^"]*"/m,
				`smtp {$1 oauth2 { grant = "client_credentials" token_url = "${tokens.url}" client_id = "uwaga"` +
				` client_secret_file = "${secret}" }`));
			for (let i = 0; i < 10; i++)
				house.mail(residentMail(i));
			const done = await house.later('run', '--once');
			assert.equal(done.status, 0, done.stderr);
			assert.equal(server.accepted.length, 10);
			assert.deepEqual([given, logins], [2, 3]);
			assert.ok(!/alert|token[12]|tajne/.test(done.stderr), done.stderr);
			assert.ok(house.rows('outbox', 'list').filter((r) => /^osoba/.test(r.to)).every((r) => r.attempts === 1));
			assert.deepEqual(server.faults, []);
		} finally {
			await server.close();
			await tokens.close();
			house?.close();
			ca.close();
		}
	});
