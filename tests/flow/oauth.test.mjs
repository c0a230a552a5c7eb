// Access tokens: a person gives permission once, the gateway renews it, and
// every way the server of tokens can fail is told apart.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { program } from './house.mjs';
import { Authority, Dovecot, TokenServer } from './servers.mjs';
import { Talker } from './talker.mjs';

const build = process.env.B || 'build';
const probe = path.resolve(build, 'unit/stream_probe');
const OK = 0, REJECT = 1, RETRY = 2;
const user = 'konsultacje';
const clientSecret = 'klient-tajny-1';

let ca, dovecot, tokens, dir, conf, file;
let reply; // of the token server, set by each test

before(async () => {
	execFileSync('make', ['-s', `${build}/unit/stream_probe`], { stdio: 'inherit' });
	ca = new Authority();
	dovecot = await new Dovecot({ cert: ca.good }).start();
	tokens = await new TokenServer({ reply: (form, url) => reply(form, url) }).start();
	dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uwaga-oauth-'));
	conf = path.join(dir, 'uwaga.conf');
	file = path.join(dir, 'oauth2-mailbox-k.json');
});

after(async () => {
	await tokens?.close();
	await dovecot?.close();
	ca?.close();
	fs.rmSync(dir, { recursive: true, force: true });
});

const places = () => ({ token_url: tokens.url, device_url: tokens.url.replace('token', 'device') });

function configure({ url = dovecot.url(), smtp = '', ...oauth2 } = {}) {
	const all = { ...places(), client_id: 'uwaga', client_secret_file: 'client.secret',
		scope: 'imap offline_access', ...oauth2 };
	const text = Object.entries(all).filter(([, v]) => v !== '')
		.map(([k, v]) => `${k} = "${v}"`).join('\n');
	fs.writeFileSync(path.join(dir, 'client.secret'), `${clientSecret}\n`, { mode: 0o600 });
	fs.writeFileSync(conf, `database = "${dir}/uwaga.db"
office { address = "konsultacje@powiat.example" }
mailbox "k" { url = "${url}" user = "${user}" ca_file = "${ca.file}"
oauth2 {
${text}
} }
${smtp}
`);
}

beforeEach(() => {
	tokens.asked.length = 0;
	fs.rmSync(file, { force: true });
	configure();
});

const kept = () => JSON.parse(fs.readFileSync(file, 'utf8'));

function keep(more = {}) {
	fs.writeFileSync(file, JSON.stringify({ access_token: dovecot.token(user), refresh_token: 'refresh-1',
		good_until: Math.floor(Date.now() / 1000) + 1000, client_id: 'uwaga',
		scope: 'imap offline_access', token_url: tokens.url, ...more }), { mode: 0o600 });
}

function run(command, args, during, started) {
	const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
	started?.(child);
	let stdout = '', stderr = '';
	child.stdout.on('data', (bytes) => {
		stdout += bytes;
		during?.(child, stdout);
	});
	child.stderr.on('data', (bytes) => stderr += bytes);
	if (!during)
		child.stdin.end();
	return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

// Logs the mailbox in by the token; what came of it.
async function open(name = 'k', during, started) {
	const done = await run(probe, [`config=${conf}`, `login=${name}`, 'imap=1'], during, started);
	assert.equal(done.stderr, '');
	assert.equal(done.code, 0);
	return JSON.parse(done.stdout);
}

const login = (name = 'k', during) => run(program, ['-c', conf, 'login', name], during);

const device = { device_code: 'device-secret-1', user_code: 'ABCD-EFGH',
	verification_uri: 'https://login.example/device', expires_in: 60, interval: 1 };
const given = (more = {}) => ({ body: { access_token: dovecot.token(user), token_type: 'Bearer',
	expires_in: 3600, refresh_token: 'refresh-1', ...more } });

test('a person types the code, and the mailbox opens', async () => {
	const answers = [{ status: 400, body: { error: 'authorization_pending' } },
		{ status: 400, body: { error: 'slow_down' } }, given()];
	const at = [];
	reply = (form, url) => {
		if (url === '/device')
			return { body: device };
		at.push(Date.now());
		return answers.shift();
	};
	const done = await login();
	assert.equal(done.code, 0, done.stderr);
	assert.match(done.stdout, /Open https:\/\/login\.example\/device .* type the code\n\n    ABCD-EFGH\n/);
	assert.ok(!/device-secret|refresh-1|eyJ|klient/.test(done.stdout + done.stderr));
	assert.deepEqual(tokens.asked[0], { client_id: 'uwaga', scope: 'imap offline_access' });
	assert.deepEqual(tokens.asked[1], { grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
		device_code: 'device-secret-1', client_id: 'uwaga', client_secret: clientSecret });
	assert.ok(at[1] - at[0] >= 900 && at[2] - at[1] >= 5900, `${at}`);
	assert.equal(fs.statSync(file).mode & 0o777, 0o600);
	assert.equal(kept().refresh_token, 'refresh-1');
	tokens.asked.length = 0;
	for (let i = 0; i < 3; i++)
		assert.equal((await open()).imap_select, 0);
	assert.equal(tokens.asked.length, 0, 'the access token is kept until it ends');
});

test('what a person or the server can refuse is said', async () => {
	const rows = [
		[{ status: 400, body: { error: 'access_denied' } }, /person refused the permission/],
		[{ status: 400, body: { error: 'expired_token' } }, /nobody typed the code in time/],
		[{ status: 400, body: { error: 'invalid_client', error_description: 'no\r\nTrace: 1' } },
			/refuses \(invalid_client: no\); check client_id/],
		[given({ refresh_token: undefined }), /nothing that lasts .* offline_access/],
		[given({ access_token: 'a b' }), /no access token that can be used/],
	];
	for (const [answer, says] of rows) {
		reply = (form, url) => url === '/device' ? { body: device } : answer;
		const done = await login();
		assert.equal(done.code, 1);
		assert.match(done.stderr, says);
		assert.ok(!fs.existsSync(file));
	}
	for (const [answer, says] of [
		[{ status: 400, body: { error: 'invalid_scope' } }, /invalid_scope/],
		[{ status: 503, body: {} }, /HTTP 503/],
		[{ body: { ...device, user_code: 'AB\x1b[2J' } }, /without a code/],
		[{ body: { ...device, verification_uri: undefined } }, /without a code and a page/],
		[{ body: [] }, /no JSON/]]) {
		reply = () => answer;
		const done = await login();
		assert.equal(done.code, 1);
		assert.match(done.stderr, says);
		assert.ok(!done.stdout.includes('\x1b'));
	}
});

test('nobody is waited for beyond the end of the code; a failing server is asked again', async () => {
	reply = (form, url) => url === '/device' ? { body: { ...device, expires_in: 3 } } :
		tokens.asked.length === 2 ? { raw: (response) => response.destroy() } :
			{ status: 400, body: { error: 'authorization_pending' } };
	const done = await login();
	assert.equal(done.code, 1);
	assert.match(done.stderr, /nobody typed the code in time/);
	assert.ok(tokens.asked.length >= 3);
});

test('Google: the page has the old name, and the browser brings the code', async () => {
	reply = (form, url) => url === '/device' ?
		{ body: { ...device, verification_uri: undefined, verification_url: 'https://www.google.example/device' } } : given();
	assert.match((await login()).stdout, /www\.google\.example\/device/);

	configure({ device_url: '', authorize_url: 'https://accounts.google.example/auth', scope: 'https://mail.google.example/' });
	tokens.asked.length = 0;
	const paste = (change) => (child, out) => {
		const page = out.match(/^https:\/\/accounts\S+$/m);
		if (!page || child.pasted)
			return;
		child.pasted = new URL(page[0]).searchParams;
		child.stdin.end(`${change(`http://localhost:48123/?state=${child.pasted.get('state')}&code=4%2F0Ab-c&scope=x`)}\n`);
		asked = child.pasted;
	};
	let asked;
	const done = await login('k', paste((address) => address));
	assert.equal(done.code, 0, done.stderr);
	assert.equal(asked.get('access_type'), 'offline');
	assert.equal(asked.get('scope'), 'https://mail.google.example/');
	assert.equal(asked.get('code_challenge_method'), 'S256');
	const form = tokens.asked[0];
	assert.deepEqual([form.grant_type, form.code, form.redirect_uri, form.client_secret],
		['authorization_code', '4/0Ab-c', asked.get('redirect_uri'), clientSecret]);
	assert.equal(crypto.createHash('sha256').update(form.code_verifier).digest('base64url'),
		asked.get('code_challenge'));
	assert.equal((await open()).imap_select, 0);

	for (const [change, says] of [
		[(a) => a.replace(/state=\w/, 'state=-'), /another login/],
		[(a) => a.replace('code=', 'error=access_denied&code='), /refused \(access_denied\)/],
		[() => 'what?', /not the address/],
		[(a) => a.replace('4%2F', '%00%0d%0a'), /not the address/]]) {
		tokens.asked.length = 0;
		const no = await login('k', paste(change));
		assert.equal(no.code, 1);
		assert.match(no.stderr, says);
		assert.equal(tokens.asked.length, 0);
	}
});

test('a token that has ended is renewed, and a new refresh token is on disk before it is used', async () => {
	const seen = [];
	const talker = await new Talker({ cert: ca.good, capabilities: ['AUTH=XOAUTH2', 'SASL-IR'],
		answer(line) {
			if (/AUTHENTICATE/.test(line))
				seen.push(kept().refresh_token);
			return false;
		} }).start();
	configure({ url: `${talker.url}/INBOX` });
	keep({ good_until: 1 });
	reply = () => given({ refresh_token: 'refresh-2', access_token: 'access-2', expires_in: '3600' });
	assert.equal((await open()).opened, OK);
	assert.deepEqual(tokens.asked, [{ grant_type: 'refresh_token', refresh_token: 'refresh-1',
		scope: 'imap offline_access', client_id: 'uwaga', client_secret: clientSecret }]);
	assert.deepEqual(seen, ['refresh-2']);
	assert.ok(talker.heard.includes(Buffer.from(`user=${user}\x01auth=Bearer access-2\x01\x01`).toString('base64')));
	const left = kept().good_until - Date.now() / 1000;
	assert.ok(left > 3500 && left < 3545, `${left}`);
	assert.deepEqual(fs.readdirSync(dir).filter((n) => n.endsWith('.new')), []);

	// No new refresh token: the old one stays.
	keep({ good_until: 1, refresh_token: 'refresh-3' });
	reply = () => given({ refresh_token: undefined });
	await open();
	assert.equal(kept().refresh_token, 'refresh-3');
	await talker.close();
});

test('a token that the mail server refuses is renewed once', async () => {
	const bad = dovecot.token(user, Math.floor(Date.now() / 1000) - 10);
	keep({ access_token: bad });
	reply = () => given();
	assert.equal((await open()).imap_select, 0);
	assert.equal(tokens.asked.length, 1);

	tokens.asked.length = 0;
	keep({ access_token: bad });
	reply = () => given({ access_token: dovecot.token(user, Math.floor(Date.now() / 1000) - 20) });
	const done = await open();
	assert.equal(done.status, REJECT);
	assert.match(done.text, /refuses a fresh access token: .* run: uwaga login k/);
	assert.equal(tokens.asked.length, 1);
});

test('every way the token server can fail', async () => {
	const elsewhere = await new TokenServer({ reply: () => given() }).start();
	const big = 'x'.repeat(2 << 20);
	const rows = [
		['permission withdrawn', { status: 400, body: { error: 'invalid_grant', error_description: 'AADSTS70008: expired.\r\nTrace ID: 1' } },
			REJECT, /permission of k has ended \(AADSTS70008: expired\.\); run: uwaga login k/],
		['wrong client', { status: 401, body: { error: 'invalid_client' } }, REJECT, /refuses a token \(invalid_client\); check client_id/],
		['server error', { status: 500, body: { error: 'server_error' } }, RETRY, /gives no token now/],
		['too many', { status: 429, body: {} }, RETRY, /HTTP 429/],
		['no JSON', { raw: (r) => r.end('<html>') }, RETRY, /no JSON/],
		['nothing', { raw: (r) => r.end() }, RETRY, /no JSON/],
		['half an answer', { raw: (r) => {
			r.writeHead(200, { 'Content-Length': 1000 });
			r.write('{"access_token": "x"');
			setTimeout(() => r.destroy(), 50);
		} }, RETRY, /localhost:\d+: /],
		['2 MB', given({ id_token: big }), RETRY, /larger than 65536 bytes/],
		['a token that would break the login', given({ access_token: 'a\r\nb' }), RETRY, /usable access_token/],
		['another kind of token', given({ token_type: 'mac' }), RETRY, /usable access_token/],
		['no token', { body: {} }, RETRY, /usable access_token/],
		['a redirect', { raw: (r) => {
			r.writeHead(302, { Location: elsewhere.url });
			r.end();
		} }, RETRY, /HTTP 302/],
	];
	for (const [what, answer, status, says] of rows) {
		keep({ good_until: 1 });
		const was = fs.readFileSync(file, 'utf8');
		tokens.asked.length = 0;
		reply = () => answer;
		const done = await open();
		assert.equal(done.status, status, `${what}: ${done.text}`);
		assert.match(done.text, says, what);
		assert.ok(!/refresh-1|klient-tajny/.test(done.text));
		assert.equal(tokens.asked.length, 1, what);
		assert.equal(fs.readFileSync(file, 'utf8'), was, `${what}: nothing changed`);
	}
	assert.equal(elsewhere.asked.length, 0, 'no redirect is followed');
	await elsewhere.close();
});

test('a silent token server does not hold up the end', async () => {
	keep({ good_until: 1 });
	let child;
	reply = () => {
		setTimeout(() => child.kill('SIGUSR1'), 100);
		return { raw: () => {} };
	};
	const waiting = open('k', undefined, (c) => child = c);
	const done = await waiting;
	assert.equal(done.status, RETRY);
	assert.match(done.text, /told to stop/);
	assert.ok(done.ms < 3000, `${done.ms}`);
});

test('five at once ask once', async () => {
	keep({ good_until: 1 });
	reply = () => ({ raw: (r) => setTimeout(() => r.end(JSON.stringify(given({ refresh_token: 'refresh-2' }).body)), 300) });
	const all = await Promise.all([1, 2, 3, 4, 5].map(() => open()));
	assert.deepEqual(all.map((d) => d.imap_select), [0, 0, 0, 0, 0]);
	assert.equal(tokens.asked.length, 1);
	assert.equal(kept().refresh_token, 'refresh-2');
});

test('a token for another scope is not used, and nothing of another server or client', async () => {
	keep({ scope: 'other', access_token: 'not-ours' });
	reply = () => given();
	assert.equal((await open()).imap_select, 0);
	assert.equal(tokens.asked.length, 1);
	for (const more of [{ client_id: 'other' }, { token_url: 'https://other.example/' }]) {
		keep({ ...more });
		tokens.asked.length = 0;
		const done = await open();
		assert.deepEqual([done.status, /run: uwaga login k/.test(done.text)], [REJECT, true]);
		assert.equal(tokens.asked.length, 0);
	}
});

test('no token is asked for that could not be kept', async () => {
	reply = () => given();
	let done = await open();
	assert.deepEqual([done.status, /run: uwaga login k/.test(done.text)], [REJECT, true]);
	fs.writeFileSync(file, '{"half', { mode: 0o600 });
	done = await open();
	assert.deepEqual([done.status, /is damaged/.test(done.text)], [REJECT, true]);
	keep({ good_until: 1 });
	fs.chmodSync(file, 0o640);
	done = await open();
	assert.deepEqual([done.status, /chmod 600/.test(done.text)], [REJECT, true]);
	fs.rmSync(file);
	keep({ good_until: 1 });
	fs.mkdirSync(`${file}.new`);
	done = await open();
	assert.deepEqual([done.status, /no token is asked for before it can be kept/.test(done.text)], [RETRY, true]);
	fs.rmdirSync(`${file}.new`);
	configure({ token_file: '/nowhere/token.json' });
	done = await open();
	assert.deepEqual([done.status, /nowhere\/token\.json\.lock: No such file/.test(done.text)], [REJECT, true]);
	assert.equal(tokens.asked.length, 0);
});

test('a person is asked only for what can be kept', async () => {
	reply = (form, url) => url === '/device' ? { body: device } : given();
	configure({ token_file: '/nowhere/token.json' });
	const done = await login();
	assert.equal(done.code, 1);
	assert.match(done.stderr, /nowhere\/token\.json\.lock: No such file/);
	assert.equal(done.stdout, '');
	assert.equal(tokens.asked.length, 0);
});

test('check says what is wrong with the token and what to do, and shows none', async () => {
	for (const [answer, says] of [
		[{ status: 400, body: { error: 'invalid_grant', error_description: 'AADSTS70008: expired.' } },
			/the permission of k has ended \(AADSTS70008: expired\.\); run: uwaga login k/],
		[{ status: 500, body: { error: 'server_error', refresh_token: 'refresh-1' } }, /gives no token now \(server_error, HTTP 500\)/],
		[{ raw: (r) => r.end('<html>refresh-1') }, /answers HTTP 200 and no JSON; is it the right address\?/],
		[{ raw: () => {} }, /given up after 2 seconds: .*localhost:\d+: told to stop/],
		[given({ access_token: dovecot.token(user, 1) }), /refuses a fresh access token: .* run: uwaga login k/]]) {
		keep({ good_until: 1 });
		reply = () => answer;
		for (const json of [[], ['--json']]) {
			const done = await run(program, ['-c', conf, ...json, 'check', '--within', '2']);
			const line = done.stdout.split('\n').find((l) => /mailbox k\b/.test(l) && !/oauth2"|oauth2 /.test(l.slice(0, 30)));
			assert.match(line, says);
			assert.match(line, /WRONG/);
			assert.ok(!/refresh-1|eyJ|klient-tajny/.test(done.stdout + done.stderr), done.stdout);
		}
	}
});

test('a client with a permission of its own needs no person', async () => {
	configure({ grant: 'client_credentials', device_url: '', scope: 'https://outlook.example/.default' });
	reply = () => given({ refresh_token: undefined });
	const done = await login();
	assert.equal(done.code, 0, done.stderr);
	assert.deepEqual(tokens.asked, [{ grant_type: 'client_credentials', scope: 'https://outlook.example/.default',
		client_id: 'uwaga', client_secret: clientSecret }]);
	assert.equal((await open()).imap_select, 0);
	assert.equal(tokens.asked.length, 1);
});

test('the token server is verified as well', async () => {
	for (const [cert, ca_file, status, says] of [
		['good', ca.file, OK], ['good', '', REJECT, /not trusted here/],
		['wrongName', ca.file, REJECT, /certificate is for mail\.elsewhere\.example/]]) {
		const safe = await new TokenServer({ reply: () => given(), cert: ca[cert] }).start();
		try {
			configure({ token_url: safe.url, ca_file });
			keep({ good_until: 1, token_url: safe.url });
			const done = await open();
			assert.equal(done.status, status, done.text);
			if (says)
				assert.match(done.text, says);
			assert.equal(safe.asked.length, status === OK ? 1 : 0);
		} finally {
			await safe.close();
		}
	}
	configure({ token_url: 'http://login.powiat.example/token' });
	keep({ good_until: 1, token_url: 'http://login.powiat.example/token' });
	const done = await open();
	assert.equal(done.status, REJECT);
	assert.match(done.text, /http:\/\/ is for this machine only/);
});

test('login knows what it can log in', async () => {
	for (const [name, says] of [['nobody', /no mailbox "nobody"/], ['smtp', /smtp has no oauth2/]]) {
		const done = await login(name);
		assert.equal(done.code, 1);
		assert.match(done.stderr, says);
	}
	configure({ device_url: '' });
	assert.match((await login()).stderr, /neither device_url nor authorize_url/);
	assert.equal((await run(program, ['-c', conf, 'login'])).code, 2);
});
