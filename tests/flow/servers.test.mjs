// servers - the harness itself: each server starts, does its work and stops
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';

import { until } from './house.mjs';
import { answers, Authority, Dovecot, Line, Postfix, SmtpSink, TokenServer } from './servers.mjs';

const mail = (i) => `From: osoba${i}@poczta.example\r\nMessage-ID: <m${i}@poczta.example>\r\n\r\nNr ${i}.\r\n`;

// What a client that checks says about a server.
function handshake(port, authority, servername = 'localhost') {
	return new Promise((resolve) => {
		const socket = tls.connect({ port, host: '127.0.0.1', servername,
			ca: fs.readFileSync(authority.file) });
		socket.on('secureConnect', () => {
			socket.destroy();
			resolve('good');
		});
		socket.on('error', (e) => resolve(e.code));
	});
}

// One command after the greeting; answers the line it got.
function say(socket, line) {
	return new Promise((resolve) => {
		let text = '';
		socket.on('data', (bytes) => {
			text += bytes;
			if (/^x /m.test(text)) {
				socket.destroy();
				resolve(text.match(/^x .*/m)[0]);
			}
		});
		socket.write(line);
	});
}

async function serving(server, body) {
	try {
		await server.start();
		await body(server);
	} finally {
		await server.close();
	}
}

test('every kind of certificate is what it says', async () => {
	const authority = new Authority();
	try {
		const want = { good: 'good', wrongName: 'ERR_TLS_CERT_ALTNAME_INVALID',
			expired: 'CERT_HAS_EXPIRED', expiring: 'good',
			early: 'CERT_NOT_YET_VALID', wildcard: 'ERR_TLS_CERT_ALTNAME_INVALID',
			selfSigned: 'DEPTH_ZERO_SELF_SIGNED_CERT',
			unknown: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };
		for (const [kind, code] of Object.entries(want)) {
			const { cert, key } = authority[kind];
			const server = tls.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
			server.on('tlsClientError', () => {});
			await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
			assert.equal(await handshake(server.address().port, authority), code, kind);
			server.close();
		}
	} finally {
		authority.close();
	}
});

for (const layout of ['maildir', 'sdbox'])
	test(`Dovecot with ${layout} takes mail, hangs, dies and comes back with it`, async () => {
		const authority = new Authority();
		try {
			await serving(new Dovecot({ layout, cert: authority.good }), async (dovecot) => {
				assert.equal(await handshake(dovecot.imaps, authority), 'good');
				await dovecot.deliver([mail(1), mail(2), mail(3)]);
				assert.equal(dovecot.count(), 3);
				const before = dovecot.folders().INBOX.uidvalidity;
				dovecot.bumpUidValidity();
				assert.equal(dovecot.folders().INBOX.uidvalidity, before + 1);
				await dovecot.kill();
				assert.equal(await answers(dovecot.imaps), false);
				await dovecot.start();
				const client = await dovecot.client();
				assert.match(await client.command('SELECT INBOX'), /\* 3 EXISTS/);
				dovecot.pause();
				let answered = false;
				const noop = client.command('NOOP').then(() => answered = true);
				await new Promise((resolve) => setTimeout(resolve, 100));
				assert.equal(answered, false);
				dovecot.resume();
				await noop;
				await client.logout();
			});
		} finally {
			authority.close();
		}
	});

test('Dovecot takes a good token and refuses a stale one', async () => {
	const authority = new Authority();
	try {
		await serving(new Dovecot({ cert: authority.good }), async (dovecot) => {
			const login = async (mechanism, token) => {
				const text = mechanism === 'XOAUTH2'
					? `user=konsultacje\x01auth=Bearer ${token}\x01\x01`
					: `n,a=konsultacje,\x01auth=Bearer ${token}\x01\x01`;
				const socket = tls.connect({ port: dovecot.imaps, host: '127.0.0.1',
					rejectUnauthorized: false });
				return say(socket, `x AUTHENTICATE ${mechanism} ${Buffer.from(text).toString('base64')}\r\n\r\n`);
			};
			for (const mechanism of ['XOAUTH2', 'OAUTHBEARER']) {
				assert.match(await login(mechanism, dovecot.token()), /^x OK/, dovecot.log);
				assert.match(await login(mechanism, dovecot.token('konsultacje', 1700000001)), /^x (NO|BAD)/);
			}
		});
	} finally {
		authority.close();
	}
});

// Sends these lines one by one, each after the reply to the one before.
async function transaction(socket, steps) {
	let text = '';
	socket.on('data', (bytes) => text += bytes);
	const reply = (code) => until(`${code}`, () => new RegExp(`^${code} .*\\r\\n`, 'm').test(text));
	await reply(220);
	const took = [];
	for (const [line, code] of steps) {
		text = '';
		const began = performance.now();
		socket.write(`${line}\r\n`);
		await reply(code);
		took.push(performance.now() - began);
	}
	return took;
}

const sending = (i) => [['MAIL FROM:<a@powiat.example>', 250],
	['RCPT TO:<b@poczta.example>', 250], ['DATA', 354], [`${mail(i)}.`, 250], ['QUIT', 221]];

test('smtp-sink keeps each mail that was sent over a slow line', async () => {
	await serving(new SmtpSink(), (sink) =>
		serving(new Line(sink.port, { delay: 15 }), async (line) => {
			const took = await transaction(net.connect(line.port, '127.0.0.1'),
				[['EHLO x.example', 250], ...sending(7)]);
			assert.ok(took.every((ms) => ms >= 29), `a round trip after each line: ${took}`);
			assert.deepEqual(sink.messageIds(), ['<m7@poczta.example>']);
			assert.match(sink.mails()[0], /^X-Rcpt-Args: <b@poczta\.example>/m);
		}));
});

test('Postfix asks for a login and hands on, also after it died', async () => {
	const authority = new Authority();
	const login = Buffer.from('\0konsultacje\0tajne-haslo').toString('base64');
	const send = (postfix, i) => transaction(tls.connect({ port: postfix.smtps,
		host: '127.0.0.1', servername: 'localhost', ca: fs.readFileSync(authority.file) }),
		[['EHLO x.example', 250], ['MAIL FROM:<a@powiat.example>', 250],
			['RCPT TO:<b@poczta.example>', 554], ['RSET', 250],
			[`AUTH PLAIN ${login}`, 235], ...sending(i)]);
	try {
		await serving(new Dovecot({ cert: authority.good }), (dovecot) =>
			serving(new SmtpSink(), (sink) =>
				serving(new Postfix({ cert: authority.good, relay: sink.port, dovecot }), async (postfix) => {
					await send(postfix, 1);
					await until('the first one', () => sink.mails().length === 1);
					await postfix.kill();
					await postfix.start();
					await send(postfix, 2);
					await until('the second one', () => sink.mails().length === 2);
					assert.deepEqual(sink.messageIds().sort(),
						['<m1@poczta.example>', '<m2@poczta.example>']);
				})));
	} finally {
		authority.close();
	}
});

test('a line is cut, mended, stalled and goes on', async () => {
	const echo = net.createServer((socket) => {
		socket.on('error', () => {});
		socket.pipe(socket);
	});
	await new Promise((resolve) => echo.listen(0, '127.0.0.1', resolve));
	await serving(new Line(echo.address().port), async (line) => {
		const open = () => {
			const socket = net.connect(line.port, '127.0.0.1');
			socket.text = '';
			socket.on('data', (bytes) => socket.text += bytes);
			socket.on('error', () => {});
			socket.on('close', () => socket.closed_ = true);
			return socket;
		};
		const first = open();
		first.write('a');
		await until('an echo', () => first.text === 'a');
		line.stall();
		first.write('b');
		await new Promise((resolve) => setTimeout(resolve, 50));
		assert.equal(first.text, 'a');
		line.unstall();
		await until('the rest', () => first.text === 'ab');
		line.cut();
		await until('the cut', () => first.closed_);
		const refused = open();
		await until('a refusal', () => refused.closed_);
		line.mend();
		const second = open();
		second.write('c');
		await until('an echo again', () => second.text === 'c');
		second.destroy();
	});
	echo.close();
});

test('the token endpoint answers and remembers', async () => {
	const reply = (form) => form.grant_type === 'refresh_token'
		? { body: { access_token: 'a1', expires_in: 3600 } }
		: { status: 400, body: { error: 'unsupported_grant_type' } };
	await serving(new TokenServer({ reply }), async (server) => {
		const ask = (form) => fetch(server.url, { method: 'POST', body: new URLSearchParams(form) });
		const good = await ask({ grant_type: 'refresh_token', refresh_token: 'r1' });
		assert.deepEqual(await good.json(), { access_token: 'a1', expires_in: 3600 });
		assert.equal((await ask({ grant_type: 'password' })).status, 400);
		assert.equal(server.asked[0].refresh_token, 'r1');
	});
});
