// Opening a connection to a mail server: what is trusted, what is said when it
// is not, and that nothing secret leaves before.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { House, program } from './house.mjs';
import { Authority, Dovecot, freePort } from './servers.mjs';
import { Talker } from './talker.mjs';

const build = process.env.B || 'build';
const probe = path.resolve(build, 'unit/stream_probe');
const OK = 0, REJECT = 1, RETRY = 2;
const user = 'konsultacje', secret = 'tajne-haslo-7';
const encoded = Buffer.from(`\0${user}\0${secret}`).toString('base64');

let ca, dovecot;

before(async () => {
	execFileSync('make', ['-s', `${build}/unit/stream_probe`], { stdio: 'inherit' });
	ca = new Authority();
	dovecot = await new Dovecot({ cert: ca.good, users: { [user]: secret } }).start();
});

after(async () => {
	await dovecot?.close();
	ca?.close();
});

// Runs the probe; `during(child)` may disturb it.
function open(options, during) {
	const child = spawn(probe, Object.entries(options).map(([k, v]) => `${k}=${v}`),
		{ stdio: ['ignore', 'pipe', 'pipe'],
			env: { ...process.env, all_proxy: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' } });
	let out = '', noise = '';
	child.stdout.on('data', (bytes) => out += bytes);
	child.stderr.on('data', (bytes) => noise += bytes);
	during?.(child);
	return new Promise((resolve, reject) => child.on('close', (code, signal) => {
		if (code !== 0 || noise !== '')
			reject(new Error(`probe: ${code} ${signal} ${noise}`));
		else
			resolve(JSON.parse(out));
	}));
}

const login = () => ({ user, secret, ca_file: ca.file });

// A talker for the length of `body`.
async function talking(options, body) {
	const talker = await new Talker(options).start();
	try {
		return await body(talker);
	} finally {
		await talker.close();
	}
}

// Nothing but what may be said before TLS, and nothing at all inside it.
function heardNothing(talker) {
	assert.equal(talker.heard, '');
	for (const line of talker.plain.split('\r\n').filter(Boolean))
		assert.match(line, /^(A\d+ )?(CAPABILITY|STARTTLS|LOGOUT|EHLO \S+|QUIT)$/);
}

const bad = [
	['wrongName', /certificate is for mail\.elsewhere\.example, you asked for localhost; write a name/],
	['early', /certificate is valid only from \d{4}-\d\d-\d\d; is this machine's clock right/],
	['wildcard', /certificate is for \*\.powiat\.example, .*you asked for localhost; write a name/],
	['expired', /certificate expired on \d{4}-\d\d-\d\d; .* renew/],
	['unknown', /issued by "CN=Uwaga tests", which is not trusted here; set ca_file .* pin = "sha256\/\//],
	['selfSigned', /signed by itself; set ca_file .* pin = "sha256\/\//],
];

for (const kind of ['imap', 'smtp'])
	for (const starttls of [false, true])
		test(`${kind}${starttls ? ' with STARTTLS' : 's'}: no secret leaves before the certificate is verified`, async () => {
			for (const [name, says] of bad)
				for (const token of ['', '1'])
					await talking({ kind, starttls, cert: ca[name],
						capabilities: kind === 'imap' ? ['AUTH=PLAIN', 'AUTH=XOAUTH2'] : ['AUTH PLAIN XOAUTH2'] },
					async (talker) => {
						const done = await open({ ...login(), url: talker.url, token });
						assert.equal(done.status, REJECT, name);
						assert.match(done.text, says);
						assert.ok(!done.text.includes(secret));
						heardNothing(talker);
						if (['unknown', 'selfSigned'].includes(name))
							assert.ok(done.text.includes(ca[name].pin), 'the pin can be compared');
					});
		});

test('Dovecot: password by TLS and by STARTTLS, then libetpan speaks', async () => {
	for (const url of [dovecot.url('INBOX/Za duze'), `imap://localhost:${dovecot.imap}`,
		`imaps://127.0.0.1:${dovecot.imaps}`]) {
		const done = await open({ ...login(), url, imap: 1 });
		assert.equal(done.status, OK, done.text);
		assert.deepEqual([done.imap_connect, done.imap_select, done.imap_noop], [1, 0, 0]);
		assert.match(done.said, /Logged in/);
		assert.ok(!done.said.includes('STARTTLS'), 'what came before TLS is forgotten');
		assert.equal(done.certificate.pin, ca.good.pin);
		assert.match(done.certificate.subject, /localhost/);
		assert.ok(done.certificate.expires_ms > Date.now());
	}
});

test('Dovecot: a wrong password is refused with the words of the server', async () => {
	const done = await open({ ...login(), url: dovecot.url(), secret: 'wrong' });
	assert.equal(done.status, REJECT);
	assert.equal(done.refused, true);
	assert.match(done.text, /refuses the login: NO \[AUTHENTICATIONFAILED\] .*check user and password_file/);
});

test('Dovecot: an access token logs in; one that has ended does not', async () => {
	const good = { ...login(), url: dovecot.url(), token: 1 };
	assert.equal((await open({ ...good, secret: dovecot.token(user), imap: 1 })).imap_select, 0);
	const old = dovecot.token(user, Math.floor(Date.now() / 1000) - 60);
	const done = await open({ ...good, secret: old });
	assert.equal(done.status, REJECT);
	assert.equal(done.refused, true);
	assert.ok(!done.text.includes(old));
	assert.match(done.text, /check user and oauth2/);
});

test('a server that knows only XOAUTH2 gets that; a token is never sent as a password', async () => {
	const want = Buffer.from(`user=${user}\x01auth=Bearer ${secret}\x01\x01`).toString('base64');
	await talking({ cert: ca.good, capabilities: ['AUTH=PLAIN', 'AUTH=XOAUTH2', 'SASL-IR'] }, async (talker) => {
		assert.equal((await open({ ...login(), url: talker.url, token: 1 })).status, OK);
		assert.match(talker.heard, /AUTHENTICATE XOAUTH2/);
		assert.ok(talker.heard.includes(want));
	});
	for (const [kind, capabilities] of [['imap', ['AUTH=PLAIN', 'AUTH=CRAM-MD5', 'AUTH=NTLM']],
		['smtp', ['AUTH PLAIN LOGIN CRAM-MD5']]])
		await talking({ kind, cert: ca.good, capabilities }, async (talker) => {
			const done = await open({ ...login(), url: talker.url, token: 1 });
			assert.equal(done.status, REJECT);
			assert.ok(!/AUTH/.test(talker.heard), talker.heard);
			assert.match(done.text, /offers no login by OAuth/);
		});
});

test('a pin alone decides, whatever the certificate says', async () => {
	for (const name of ['selfSigned', 'wrongName', 'expired', 'unknown', 'good'])
		for (const starttls of [false, true])
			await talking({ cert: ca[name], starttls }, async (talker) => {
				const pinned = { user, secret, url: talker.url };
				let done = await open({ ...pinned, pin: ca[name].pin });
				assert.equal(done.status, OK, `${name}: ${done.text}`);
				assert.equal(done.certificate.pin, ca[name].pin);
				assert.ok(talker.heard.includes(encoded));
				talker.plain = talker.heard = '';
				const other = ca[name === 'good' ? 'expired' : 'good'].pin;
				done = await open({ ...pinned, pin: other });
				assert.equal(done.status, REJECT);
				assert.ok(done.text.includes(ca[name].pin), 'the key it has is named');
				heardNothing(talker);
				done = await open({ ...pinned, pin: `${other};${ca[name].pin}` });
				assert.equal(done.status, OK, 'one of two keys');
			});
});

test('a pin beside a ca_file: both have to hold', async () => {
	for (const [name, pin, status] of [['good', 'good', OK], ['good', 'unknown', REJECT],
		['unknown', 'unknown', REJECT], ['wrongName', 'wrongName', REJECT]])
		await talking({ cert: ca[name] }, async (talker) => {
			const done = await open({ ...login(), url: talker.url, pin: ca[pin].pin });
			assert.equal(done.status, status, `${name} ${pin}: ${done.text}`);
			if (status !== OK)
				heardNothing(talker);
		});
});

test('a pin or a ca_file that is none is refused before anybody is spoken to', async () => {
	await talking({ cert: ca.good }, async (talker) => {
		for (const [more, says] of [[{ pin: 'sha256//abc' }, /44 characters/],
			[{ pin: ca.good.cert }, /44 characters/],
			[{ ca_file: '/nowhere/ca.pem' }, /No such file/],
			[{ ca_file: path.resolve('Makefile') }, /no certificate in PEM/]]) {
			const done = await open({ user, secret, url: talker.url, ...more });
			assert.equal(done.status, REJECT);
			assert.match(done.text, says);
		}
		assert.equal(talker.handshakes, 0);
	});
});

test('STARTTLS that is not offered, or cut out by somebody between, ends it', async () => {
	for (const [kind, greeting] of [['imap'], ['smtp'], ['imap', '* PREAUTH welcome']])
		await talking({ kind, greeting }, async (talker) => {
			const done = await open({ ...login(), url: talker.url });
			assert.equal(done.status, REJECT);
			assert.match(done.text, /does not offer STARTTLS, and nothing is sent without TLS/);
			heardNothing(talker);
		});
});

test('TLS that cannot begin now is tried again later', async () => {
	await talking({ kind: 'smtp', cert: ca.good, starttls: true, answer(line, talk) {
		if (line === 'STARTTLS')
			talk.say('454 4.7.0 TLS not available');
		return line === 'STARTTLS';
	} }, async (talker) => {
		const done = await open({ ...login(), url: talker.url });
		assert.equal(done.status, RETRY);
		assert.match(done.text, /cannot begin TLS now: 454 4\.7\.0/);
		heardNothing(talker);
	});
});

test('what is sent behind the answer to STARTTLS is not taken for the server\'s', async () => {
	for (const kind of ['imap', 'smtp'])
		await talking({ kind, cert: ca.good, starttls: true, answer(line, talk) {
			if (!/STARTTLS/.test(line))
				return false;
			talk.socket.write(kind === 'imap' ? `${line.split(' ')[0]} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n`
				: '220 begin\r\n250 AUTH LOGIN\r\n');
			talk.upgrade();
			return true;
		} }, async (talker) => {
			const done = await open({ ...login(), url: talker.url });
			assert.equal(done.status, REJECT, done.text);
			assert.match(done.text, /tampering/);
			heardNothing(talker);
		});
});

test('without TLS only this machine, and only without a user', async () => {
	await talking({ greeting: '* PREAUTH welcome' }, async (talker) => {
		const done = await open({ url: talker.url, imap: 1 });
		assert.deepEqual([done.status, done.imap_connect, done.imap_noop], [OK, 1, 0]);
		assert.equal(done.certificate.pin, '');
	});
	await talking({}, async (talker) => {
		for (const more of [{ ca_file: ca.file }, { pin: ca.good.pin }]) {
			const done = await open({ url: talker.url, ...more });
			assert.deepEqual([done.status, /STARTTLS/.test(done.text)], [REJECT, true], 'a key is wanted');
		}
		assert.equal((await open({ url: talker.url, imap: 1 })).imap_connect, 2, 'not logged in: not PREAUTH');
	});
	await talking({ kind: 'smtp' }, async (talker) => {
		const done = await open({ url: talker.url, send: 'NOOP', hello: 'uwaga.powiat.example' });
		assert.deepEqual([done.status, done.answer], [OK, '250 fine\r\n']);
		assert.match(done.said, /^250-smtp\.powiat\.example\r\n250 AUTH PLAIN LOGIN\r\n$/m);
		assert.match(talker.plain, /^EHLO uwaga\.powiat\.example\r\n/);
	});
	if (Object.values(os.networkInterfaces()).flat().some((i) => i.address === '::1'))
		await talking({ kind: 'smtp', host: '::1' }, async (talker) => {
			assert.equal((await open({ url: talker.url, send: 'NOOP' })).status, OK);
		});
});

test('an old server without AUTHENTICATE gets LOGIN', async () => {
	await talking({ cert: ca.good, capabilities: [] }, async (talker) => {
		const done = await open({ ...login(), url: talker.url, secret: 'a "b\\c' });
		assert.equal(done.status, OK, done.text);
		assert.match(talker.heard, /^A\d+ LOGIN konsultacje "a \\"b\\\\c"\r$/m);
		assert.ok(!talker.heard.includes('AUTHENTICATE'));
	});
});

test('a server that offers neither PLAIN nor LOGIN gets what it offers', async () => {
	const challenge = Buffer.from('<1.2@powiat.example>').toString('base64');
	for (const kind of ['imap', 'smtp'])
		await talking({ kind, cert: ca.good, capabilities: [kind === 'imap' ? 'AUTH=CRAM-MD5' : 'AUTH CRAM-MD5'],
			answer(line, talk) {
				const asked = /^(A\d+)? ?AUTH/.exec(line);
				if (asked)
					talk.say(kind === 'imap' ? `+ ${challenge}` : `334 ${challenge}`);
				else if (talk.tag)
					talk.say(kind === 'imap' ? `${talk.tag} OK in` : '235 in');
				talk.tag = asked?.[1] ?? (asked ? '235' : undefined);
				return Boolean(asked) || !/^(A\d+ )?[A-Z]/.test(line);
			} }, async (talker) => {
			const done = await open({ ...login(), url: talker.url });
			assert.equal(done.status, OK, done.text);
			assert.match(talker.heard, /CRAM-MD5/);
			assert.ok(!talker.heard.includes(secret));
		});
});

test('an SMTP server that offers no login is not used without one', async () => {
	await talking({ kind: 'smtp', cert: ca.good, capabilities: ['SIZE 1000'] }, async (talker) => {
		const done = await open({ ...login(), url: talker.url });
		assert.equal(done.status, REJECT);
		assert.match(done.text, /offers no login \(AUTH\)/);
	});
});

test('a "no" that will pass is told from one that will not', async () => {
	const rows = [
		['imap', 'NO [UNAVAILABLE] the directory is down', RETRY],
		['imap', 'NO [LIMIT] too many connections', RETRY],
		['imap', 'NO [THROTTLED] slow down', RETRY],
		['imap', 'NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)', RETRY],
		['imap', 'BAD User is authenticated but not connected.', RETRY],
		['imap', 'NO Server Unavailable. 15', RETRY],
		['imap', 'NO [EXPIRED] the password has ended', REJECT],
		['imap', 'NO [AUTHENTICATIONFAILED] no', REJECT],
		['smtp', '454 4.7.0 not now', RETRY],
		['smtp', '535 5.7.8 wrong', REJECT],
	];
	for (const [kind, words, status] of rows)
		await talking({ kind, cert: ca.good, answer(line, talk) {
			if (!/AUTH/.test(line.split(' ').slice(0, 2).join(' ')))
				return false;
			talk.say(kind === 'imap' ? `${line.split(' ')[0]} ${words}` : words);
			return true;
		} }, async (talker) => {
			const done = await open({ ...login(), url: talker.url });
			assert.equal(done.status, status, done.text);
			assert.equal(done.refused, status === REJECT);
			assert.ok(done.text.includes(words.slice(0, 20)), done.text);
		});
});

test('a server that repeats what it was told does not put the secret into our words', async () => {
	for (const echo of [(line) => line, () => `you said ${secret}`, () => encoded])
		await talking({ cert: ca.good, answer(line, talk) {
			if (!/AUTHENTICATE/.test(line))
				return false;
			talk.say(`${line.split(' ')[0]} NO ${echo(line)}`);
			return true;
		} }, async (talker) => {
			const done = await open({ ...login(), url: talker.url });
			assert.equal(done.status, REJECT);
			assert.ok(talker.heard.includes(encoded));
			assert.ok(!done.text.includes(secret) && !done.text.includes(encoded), done.text);
		});
});

test('also a short secret is not repeated, in BASE64 or with backslashes', async () => {
	for (const [short, capabilities, echo] of [['abc', ['AUTH=PLAIN', 'SASL-IR'], (line) => line.split(' ').at(-1)],
		['abc12', ['AUTH=PLAIN', 'SASL-IR'], () => `is it "${Buffer.from('abc12').toString('base64')}"?`],
		['a "b\\c', [], (line) => line]])
		await talking({ cert: ca.good, capabilities, answer(line, talk) {
			if (!/AUTHENTICATE|LOGIN/.test(line))
				return false;
			talk.say(`${line.split(' ')[0]} NO ${echo(line)}`);
			return true;
		} }, async (talker) => {
			const done = await open({ ...login(), user: 'k', secret: short, url: talker.url });
			assert.equal(done.status, REJECT);
			assert.match(done.text, /refuses the login: \(left out: it repeats the secret\)/);
		});
});

test('a token that is refused by a question, as Google does, is a refused token', async () => {
	const question = Buffer.from('{"status":"400","schemes":"Bearer","scope":"https://mail.example/"}').toString('base64');
	for (const [kind, capabilities] of [['imap', ['AUTH=XOAUTH2', 'SASL-IR']], ['imap', ['AUTH=OAUTHBEARER']],
		['smtp', ['AUTH XOAUTH2']], ['smtp', ['AUTH OAUTHBEARER']]])
		await talking({ kind, cert: ca.good, capabilities, answer(line, talk) {
			const tag = /^(A\d+ )?AUTH/.exec(line);
			if (tag)
				talk.say(`${kind === 'imap' ? '+' : '334'} ${question}`);
			else if (talk.no)
				talk.say(talk.no);
			talk.no = tag && (kind === 'imap' ? `${tag[1]}NO [AUTHENTICATIONFAILED] Invalid credentials` : '535 5.7.8 not accepted');
			return Boolean(tag) || !/^(A\d+ )?[A-Z]{4}/.test(line);
		} }, async (talker) => {
			const done = await open({ ...login(), token: 1, url: talker.url });
			assert.equal(done.status, REJECT);
			assert.equal(done.refused, true, `${capabilities}: ${done.text}`);
			assert.match(done.text, /refuses the login: .*; check user and oauth2/);
			assert.ok(!done.text.includes(question));
		});
});

test('a server that hangs up during the login is quoted', async () => {
	await talking({ cert: ca.good, answer(line, talk) {
		if (!/AUTHENTICATE/.test(line))
			return false;
		talk.say('* BYE too many connections for you');
		talk.socket.end();
		return true;
	} }, async (talker) => {
		const done = await open({ ...login(), url: talker.url });
		assert.equal(done.status, RETRY);
		assert.match(done.text, /hangs up during the login: BYE too many connections for you/);
	});
});

test('a server that sends us away is asked again later', async () => {
	for (const [kind, greeting] of [['imap', '* BYE come back later'], ['smtp', '421 4.3.2 too busy'],
		['smtp', '554 not for you']])
		await talking({ kind, greeting, cert: ca.good }, async (talker) => {
			const done = await open({ ...login(), url: talker.url });
			assert.equal(done.status, RETRY, done.text);
			assert.ok(done.text.includes(greeting.replace('* ', '').slice(0, 12)), done.text);
			heardNothing(talker);
		});
});

test('nobody is waited for longer than open_ms', async () => {
	const rows = [
		['before the TLS handshake', { mute: true, cert: ca.good }, /timed out .* answered the TLS handshake/],
		['before the greeting', { cert: ca.good, greeting: '' }, /timed out before the server greeted us/],
		['by another protocol', { cert: ca.good, greeting: 'HTTP/1.1 400 Bad Request' }, /timed out .* began to answer/],
		['in the login', { cert: ca.good, answer: (line) => /AUTHENTICATE/.test(line) }, /timed out .* finished what it began/],
		['in STARTTLS', { cert: ca.good, starttls: true, answer: (line) => /STARTTLS/.test(line) }, /timed out/],
	];
	for (const [when, options, says] of rows)
		await talking(options, async (talker) => {
			const url = talker.url.replace(/^imap:/, options.starttls ? 'imap:' : 'imaps:');
			const done = await open({ ...login(), url, open_ms: 600 });
			assert.equal(done.status, RETRY, when);
			assert.match(done.text, says, when);
			assert.ok(done.ms >= 590 && done.ms < 3000, `${when}: ${done.ms}`);
		});
});

test('a greeting without end costs time, not memory', async () => {
	for (const piece of ['x'.repeat(65536), '* OK and more\r\n'.repeat(4000)])
		await talking({ cert: ca.good, greeting: '*' }, async (talker) => {
			let sent = 0;
			talker.talk = (socket) => {
				const more = () => {
					for (let room = true; room && socket.writable; sent += piece.length)
						room = socket.write(piece);
				};
				socket.on('drain', more);
				more();
			};
			const done = await open({ ...login(), url: talker.url, open_ms: 1500 });
			assert.equal(done.status, RETRY);
			assert.ok(sent > 1e5 && done.ms < 3000, `${sent} bytes, ${done.ms} ms`);
			assert.ok(done.rss_kb < 80000 || build.includes('san'), `${done.rss_kb} KB`);
		});
});

test('a signal with stop ends the opening and every wait', async () => {
	const signal = (child) => setTimeout(() => child.kill('SIGUSR1'), 300);
	await talking({ mute: true, cert: ca.good }, async (talker) => {
		const done = await open({ ...login(), url: talker.url }, signal);
		assert.deepEqual([done.status, /told to stop/.test(done.text)], [RETRY, true]);
		assert.ok(done.ms < 2000, `${done.ms}`);
	});
	for (const more of [{ wait: 20000 }, { send: 'silence please' }])
		await talking({ cert: ca.good, answer: (line) => /silence/.test(line) }, async (talker) => {
			const done = await open({ ...login(), url: talker.url, ...more }, signal);
			assert.deepEqual([done.status, /told to stop/.test(done.text)], [RETRY, true]);
			assert.ok(done.ms < 2000, `${done.ms}`);
			assert.ok(!('waited' in done) || done.waited === false);
		});
});

test('bytes that TLS holds already are seen by a wait', async () => {
	const size = 300000;
	await talking({ cert: ca.good, answer(line, talk) {
		if (/AUTHENTICATE/.test(line))
			setTimeout(() => talk.socket.write('x'.repeat(size)), 200);
		return false;
	} }, async (talker) => {
		const done = await open({ ...login(), url: talker.url, read: size });
		assert.deepEqual([done.status, done.read, done.missed], [OK, size, 0]);
	});
});

test('a cut connection is an error at once, not silence', async () => {
	for (const end of [(socket) => socket.end(), (socket) => socket.destroy()])
		await talking({ cert: ca.good, answer(line, talk) {
			if (/NOOP/.test(line))
				end(talk.socket);
			return /NOOP/.test(line);
		} }, async (talker) => {
			const done = await open({ ...login(), url: talker.url, send: 'NOOP' });
			assert.equal(done.status, RETRY);
			assert.match(done.text, /closed the connection|was cut/);
			assert.ok(done.ms < 2000);
		});
});

test('silence in the middle of something ends after wait_ms', async () => {
	await talking({ cert: ca.good, answer: (line) => /SELECT/.test(line) }, async (talker) => {
		const done = await open({ ...login(), url: talker.url, imap: 1, wait_ms: 700 });
		assert.equal(done.imap_connect, 1);
		assert.notEqual(done.imap_select, 0);
		assert.notEqual(done.imap_noop, 0, 'the stream stays broken');
		assert.ok(done.ms >= 690 && done.ms < 3000, `${done.ms}`);
	});
});

test('TLS before 1.2 is refused', async () => {
	await talking({ cert: ca.good, tlsOptions: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1',
		ciphers: 'ALL:@SECLEVEL=0' } }, async (talker) => {
		const done = await open({ ...login(), url: talker.url });
		assert.notEqual(done.status, OK);
		assert.match(done.text, /TLS/);
		assert.equal(talker.handshakes, 0);
	});
});

test('a port, a host or a scheme that is wrong is named', async () => {
	const closed = await freePort();
	const rows = [
		[`imaps://localhost:${closed}`, RETRY, /localhost:\d+: Connection refused/],
		[`imaps://localhost:${dovecot.imap}`, REJECT, /does not speak TLS on this port/],
		['imaps://nobody.invalid', RETRY, /no such host|timed out before the server was found by name/],
		['imaps://user:hush@localhost', REJECT, /must not hold a user or a password/],
		['pop3s://localhost', REJECT, /expected a URL of/],
		['imaps://', REJECT, /expected a URL of/],
	];
	for (const [url, status, says] of rows) {
		const done = await open({ ...login(), url, open_ms: 5000 });
		assert.equal(done.status, status, `${url}: ${done.text}`);
		assert.match(done.text, says);
		assert.ok(!done.text.includes('hush'));
	}
});

test('uwaga check says what is wrong with each mailbox, and shows the key of one that is right', async () => {
	const word = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'uwaga-secret-')), 'imap');
	fs.writeFileSync(word, `${secret}\n`, { mode: 0o600 });
	const talkers = await Promise.all(bad.map(([name]) => new Talker({ cert: ca[name] }).start()));
	const mailbox = (name, url, more = `ca_file = "${ca.file}"`) =>
		`mailbox "${name}" { url = "${url}/INBOX" user = "${user}" password_file = "${word}" ${more} }\n`;
	const house = new House({ extra: mailbox('dobra', `imaps://localhost:${dovecot.imaps}`) +
		mailbox('przypieta', `imap://localhost:${dovecot.imap}`, `pin = "${ca.good.pin}"`) +
		bad.map(([name], i) => mailbox(name, talkers[i].url)).join('') });
	try {
		// Not house.try(): the talkers answer from this process.
		const child = spawn(program, ['-c', house.conf, 'check'],
			{ stdio: ['ignore', 'pipe', 'pipe'] });
		let out = '';
		for (const from of [child.stdout, child.stderr])
			from.on('data', (bytes) => out += bytes);
		const code = await new Promise((resolve) => child.on('close', resolve));
		assert.equal(code, 1, out);
		const line = (name) => out.split('\n').find((l) => l.includes(`mailbox ${name} `)) ?? assert.fail(`${name}: ${out}`);
		for (const name of ['dobra', 'przypieta'])
			assert.ok(line(name).includes(ca.good.pin), line(name));
		bad.forEach(([name, says], i) => {
			assert.match(line(name), says);
			heardNothing(talkers[i]);
		});
		assert.ok(!out.includes(secret));
	} finally {
		house.close();
		fs.rmSync(path.dirname(word), { recursive: true });
		await Promise.all(talkers.map((t) => t.close()));
	}
});

test('a mailbox without a user, on a server that wants one', async () => {
	await talking({ cert: ca.good }, async (talker) => {
		const house = new House({ imap: { url: `${talker.url}/INBOX`, ca_file: ca.file } });
		const { status, stdout } = await house.later('check');
		house.close();
		assert.equal(status, 1);
		assert.match(stdout, /mailbox konsultacje +WRONG .*the server wants a login; set user, and password_file or oauth2/);
	});
});

const can = 'CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS';
for (const [how, said, asked, knows] of [
	['in the answer to the login', (tag) => [`${tag} OK [${can}] in`], 1, true],
	['in a line before it', (tag) => [`* ${can}`, `${tag} OK in`], 1, true],
	['not at all', (tag) => [`${tag} OK in`], 2, false],
	['with a list that does not end', (tag) => [`${tag} OK [${can}`], 2, false],
	['with brackets in a line before it', (tag) => [`* ${can}] OK [UIDNEXT`, `${tag} OK in`], 2, false],
])
	test(`a server says what it can do ${how}: it is asked when it has to be`, async () => {
		const answer = (line, talk) => {
			const [tag, verb] = line.split(' ');
			if (verb === 'AUTHENTICATE')
				said(tag).forEach((one) => talk.say(one));
			else if (verb === 'SELECT')
				['* 0 EXISTS', '* OK [UIDVALIDITY 1] so', '* OK [UIDNEXT 1] so', `${tag} OK open`].forEach((one) => talk.say(one));
			else
				return false;
			return true;
		};
		await talking({ cert: ca.good, answer }, async (talker) => {
			const house = new House({ imap: { url: `${talker.url}/INBOX`, user, password: secret, ca_file: ca.file } });
			const { stdout } = await house.later('check');
			house.close();
			const line = stdout.split('\n').find((l) => l.includes('mailbox konsultacje ')) ?? assert.fail(stdout);
			assert.match(line, /INBOX holds 0 mails/);
			assert.equal(/no IDLE/.test(line), !knows, line);
			assert.equal(talker.heard.match(/ CAPABILITY\r$/gm).length, asked, talker.heard);
		});
	});
