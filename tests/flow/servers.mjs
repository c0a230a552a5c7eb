// servers - real mail servers for the tests: their own folders, free ports
//
// Place: tests/flow, tests/crash and tests/bench start Dovecot and Postfix from
// Debian's packages here, with certificates of an authority of their own, put
// a slow or broken line between, and stop them by process id.  Nothing of the
// machine's own mail configuration is read or changed.  The same for root and
// for an ordinary user: as root they run as nobody.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

import { until } from './house.mjs';

const root = process.getuid() === 0;
const id = (flag, name) => execFileSync('id', [flag, name], { encoding: 'utf8' }).trim();
// Who the servers run as: numbers for spawn(), names for their configuration.
const nobody = root ? { uid: Number(id('-u', 'nobody')), gid: Number(id('-g', 'nobody')) } : {};
const user = root ? 'nobody' : os.userInfo().username;
const group = execFileSync('id', ['-gn', user], { encoding: 'utf8' }).trim();

// A folder that the servers may write to; close() of its owner removes it.
function folder(name) {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), `uwaga-${name}-`));
	give(dir);
	return dir;
}

function give(file) {
	if (root)
		fs.chownSync(file, nobody.uid, nobody.gid);
}

function write(file, text, mode = 0o644) {
	fs.writeFileSync(file, text, { mode });
	give(file);
}

// A port of the loopback address that nobody listens on now.
export function freePort() {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.on('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

// True when somebody listens there.
export function answers(port) {
	return new Promise((resolve) => {
		const socket = net.connect(port, '127.0.0.1');
		const done = (value) => {
			socket.destroy();
			resolve(value);
		};
		socket.on('connect', () => done(true));
		socket.on('error', () => done(false));
	});
}

// ---- certificates -----------------------------------------------------------

// Good whatever the time is, also for a program whose clock a test has set.
const longAgo = new Date('2020-01-01'), farAway = new Date('2045-01-01');
const stamp = (d) => d.toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z';

// An authority with a certificate of its own (`file`, PEM), and what it issues.
export class Authority {
	constructor() {
		this.dir = folder('ca');
		this.file = path.join(this.dir, 'ca.pem');
		this.index = 0;
		fs.writeFileSync(path.join(this.dir, 'ca.cnf'), `
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = own
[own]
new_certs_dir = ${this.dir}
database = ${this.dir}/index.txt
serial = ${this.dir}/serial
default_md = sha256
policy = any
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
`);
		fs.writeFileSync(path.join(this.dir, 'index.txt'), '');
		fs.writeFileSync(path.join(this.dir, 'serial'), '1000\n');
		this.openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
			'-nodes', '-subj', '/CN=Uwaga tests', '-config', this.path('ca.cnf'),
			'-keyout', this.path('ca.key'), '-out', this.path('ca.csr'));
		this.openssl('ca', '-batch', '-notext', '-config', this.path('ca.cnf'),
			'-extensions', 'authority', '-startdate', stamp(longAgo), '-enddate', stamp(farAway),
			'-selfsign', '-keyfile', this.path('ca.key'), '-in', this.path('ca.csr'), '-out', this.file);
		for (const file of ['ca.pem', 'ca.key'])
			give(this.path(file));
	}

	path(name) {
		return path.join(this.dir, name);
	}

	openssl(...args) {
		return execFileSync('openssl', args,
			{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
	}

	// A certificate for these names (host names or addresses), good from
	// `from` to `to`; signed by itself when `self`.  Answers its files.
	issue({ names = ['localhost', '127.0.0.1'], from = longAgo, to = farAway, self = false } = {}) {
		const base = this.path(`leaf${++this.index}`);
		const cert = `${base}.pem`, key = `${base}.key`;
		const alt = names.map((n) => `${net.isIP(n) ? 'IP' : 'DNS'}:${n}`).join(',');
		const subject = `/CN=${names[0]}`;
		fs.writeFileSync(`${base}.cnf`,
			fs.readFileSync(this.path('ca.cnf'), 'utf8') + `
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${alt}
`);
		this.openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
			'-nodes', '-subj', subject, '-config', `${base}.cnf`,
			'-keyout', key, '-out', `${base}.csr`);
		this.openssl('ca', '-batch', '-notext', '-config', `${base}.cnf`,
			'-startdate', stamp(from), '-enddate', stamp(to), '-in', `${base}.csr`,
			'-out', cert, ...(self ? ['-selfsign', '-keyfile', key] :
				['-cert', this.file, '-keyfile', this.path('ca.key')]));
		give(cert);
		give(key);
		return { cert, key, pin: this.pin(cert) };
	}

	// The public key as `pin` wants it.
	pin(cert) {
		const der = new crypto.X509Certificate(fs.readFileSync(cert)).publicKey
			.export({ type: 'spki', format: 'der' });
		return 'sha256//' + crypto.createHash('sha256').update(der).digest('base64');
	}

	// The usual ones, each made once.
	get good() {
		return this.kept('good', {});
	}

	get wrongName() {
		return this.kept('wrongName', { names: ['mail.elsewhere.example'] });
	}

	get expired() {
		return this.kept('expired', { from: new Date(Date.now() - 30 * 864e5),
			to: new Date(Date.now() - 864e5) });
	}

	get early() {
		return this.kept('early', { from: new Date(Date.now() + 864e5) });
	}

	get wildcard() {
		return this.kept('wildcard', { names: ['*.powiat.example', 'powiat.example'] });
	}

	get expiring() {
		return this.kept('expiring', { to: new Date(Date.now() + 5 * 864e5) });
	}

	get selfSigned() {
		return this.kept('selfSigned', { self: true });
	}

	// By an authority that nobody knows.
	get unknown() {
		if (!this.other)
			this.other = new Authority();
		return this.other.good;
	}

	kept(name, options) {
		this.made ??= {};
		return this.made[name] ??= this.issue(options);
	}

	close() {
		this.other?.close();
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

// ---- processes --------------------------------------------------------------

// The process ids below this one, children before grandchildren.
export function descendants(pid) {
	const parents = new Map();
	for (const name of fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
		let stat;
		try {
			stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
		} catch {
			continue; // it has ended meanwhile
		}
		const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
		parents.set(parent, [...(parents.get(parent) || []), Number(name)]);
	}
	const all = [];
	for (let next = [pid]; next.length; ) {
		next = next.flatMap((p) => parents.get(p) || []);
		all.push(...next);
	}
	return all;
}

const alive = (pid) => {
	try {
		return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return false;
	}
};

function signal(pids, what) {
	for (const pid of pids) {
		try {
			process.kill(pid, what);
		} catch (e) {
			if (e.code !== 'ESRCH')
				throw e;
		}
	}
}

// A server in the foreground, with a folder of its own.
class Server {
	constructor(name) {
		this.name = name;
		this.dir = folder(name);
		this.logFile = path.join(this.dir, 'log');
		write(this.logFile, '');
		process.on('exit', this.atExit = () => this.killNow());
	}

	get log() {
		return fs.readFileSync(this.logFile, 'utf8');
	}

	// Starts the program and waits until it listens.
	async start() {
		const fd = fs.openSync(this.logFile, 'a');
		const [program, ...args] = this.command();
		this.child = spawn(program, args,
			{ cwd: this.dir, stdio: ['ignore', fd, fd], ...nobody });
		fs.closeSync(fd);
		this.ended = new Promise((resolve) => this.child.on('exit', resolve));
		for (const port of this.ports())
			await until(`${this.name} listens`, () => {
				assert.ok(this.child.exitCode === null && this.child.signalCode === null,
					`${this.name} ended: ${this.log}`);
				return answers(port);
			});
		return this;
	}

	get family() {
		return this.child ? [this.child.pid, ...descendants(this.child.pid)] : [];
	}

	// Ends it as its administrator would.
	async stop() {
		if (!this.child)
			return;
		const family = this.family;
		signal([this.child.pid], 'SIGCONT');
		signal(family, 'SIGCONT');
		signal([this.child.pid], 'SIGTERM');
		await Promise.race([this.ended,
			new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
		signal(family, 'SIGKILL');
		await this.ended;
		await until(`${this.name} is gone`, () => !family.some(alive));
		this.child = null;
	}

	killNow() {
		signal(this.family, 'SIGKILL');
	}

	// Ends it as a power cut would.
	async kill() {
		const family = this.family;
		this.killNow();
		await this.ended;
		await until(`${this.name} is gone`, () => !family.some(alive));
		this.child = null;
	}

	async restart() {
		await this.stop();
		await this.start();
	}

	// Lets it hang, connections open, until resume().
	pause() {
		signal(this.family, 'SIGSTOP');
	}

	resume() {
		signal(this.family, 'SIGCONT');
	}

	// At once: what it holds goes with its folder.
	async close() {
		if (this.child)
			await this.kill();
		process.removeListener('exit', this.atExit);
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

// ---- Dovecot ----------------------------------------------------------------

const base64url = (s) => Buffer.from(s).toString('base64url');

// An IMAP server with the user "konsultacje".  `layout` is maildir or sdbox;
// `cert` what Authority.issue() answered; `settings` are further lines.
export class Dovecot extends Server {
	constructor({ layout = 'maildir', cert, users = { konsultacje: 'tajne-haslo' }, settings = '' }) {
		super('dovecot');
		Object.assign(this, { layout, cert, users, settings });
		this.conf = path.join(this.dir, 'dovecot.conf');
		this.tokenKey = crypto.randomBytes(32);
		this.authSocket = path.join(this.dir, 'smtp-auth'); // for Postfix
	}

	// Opens on ports of its own, the same after every restart.
	async start() {
		this.imaps ??= await freePort();
		this.imap ??= await freePort();
		this.configure();
		await super.start();
		return this;
	}

	configure() {
		const keys = path.join(this.dir, 'jwt/default/HS256');
		fs.mkdirSync(keys, { recursive: true });
		write(path.join(keys, 'default'), this.tokenKey.toString('base64'));
		write(path.join(this.dir, 'users'), Object.entries(this.users)
			.map(([name, word]) => `${name}:{PLAIN}${word}\n`).join(''));
		write(path.join(this.dir, 'oauth2.conf'), `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${this.dir}/jwt/
username_attribute = sub
`);
		const location = `${this.layout}:${this.dir}/mail/%u`;
		write(this.conf, `
base_dir = ${this.dir}/run
state_dir = ${this.dir}/state
log_path = ${this.logFile}
protocols = imap
listen = 127.0.0.1
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
first_valid_uid = 1
mail_uid = ${user}
mail_gid = ${group}
mail_location = ${location}
mailbox_list_index = yes
auth_mechanisms = plain login xoauth2 oauthbearer
disable_plaintext_auth = yes
auth_failure_delay = 0
ssl = required
ssl_cert = <${this.cert.cert}
ssl_key = <${this.cert.key}
stats_writer_socket_path =
passdb {
	driver = passwd-file
	args = ${this.dir}/users
	mechanisms = plain login
}
passdb {
	driver = oauth2
	mechanisms = xoauth2 oauthbearer
	args = ${this.dir}/oauth2.conf
}
userdb {
	driver = static
	args = home=${this.dir}/home/%u allow_all_users=yes
}
namespace inbox {
	inbox = yes
	separator = /
	mailbox Junk {
		special_use = \\Junk
		auto = create
	}
}
service anvil {
	chroot =
	unix_listener anvil-auth-penalty {
		mode = 0
	}
}
service imap-login {
	chroot =
	process_min_avail = 1
	service_count = 0
	inet_listener imap {
		port = ${this.imap}
	}
	inet_listener imaps {
		port = ${this.imaps}
	}
}
service imap {
	process_limit = 50
}
service auth {
	unix_listener ${this.authSocket} {
		mode = 0666
	}
}
service stats {
	chroot =
}
${this.settings}
`);
	}

	command() {
		return ['/usr/sbin/dovecot', '-F', '-c', this.conf];
	}

	ports() {
		return [this.imap, this.imaps];
	}

	// What its own tool answers; it sees mailboxes as the server does.
	adm(...args) {
		const done = spawnSync('doveadm', ['-c', this.conf, ...args],
			{ encoding: 'utf8', maxBuffer: 1 << 28, cwd: this.dir, ...nobody });
		assert.equal(done.status, 0, `doveadm ${args.join(' ')}: ${done.stderr}`);
		return done.stdout;
	}

	// A token that is good for this user until `expires` (seconds).
	token(name = 'konsultacje', expires = Math.floor(Date.now() / 1000) + 3600) {
		const head = base64url(JSON.stringify({ typ: 'JWT', alg: 'HS256' }));
		const claims = base64url(JSON.stringify({ sub: name, iat: 1700000000, exp: expires }));
		const sum = crypto.createHmac('sha256', this.tokenKey)
			.update(`${head}.${claims}`).digest('base64url');
		return `${head}.${claims}.${sum}`;
	}

	async client(name = 'konsultacje') {
		return ImapClient.open(this.imaps, name, this.users[name]);
	}

	// Delivers mails (strings or Buffers) by APPEND, in order, as received while
	// the consultations of the samples are open; answers how many.
	async deliver(mails, { into = 'INBOX', name = 'konsultacje', at = received } = {}) {
		const client = await this.client(name);
		let n = 0;
		let some = [];
		for (const mail of mails) {
			some.push(mail);
			n++;
			if (some.length === 500)
				await client.append(into, some.splice(0), at);
		}
		await client.append(into, some, at);
		await client.logout();
		return n;
	}

	// { folder: { messages, uidvalidity, uidnext } }
	folders(name = 'konsultacje') {
		const [head, ...rows] = this.adm('-f', 'tab', 'mailbox', 'status', '-u', name,
			'messages uidvalidity uidnext', '*').trim().split('\n').map((row) => row.split('\t'));
		return Object.fromEntries(rows.map((row) => [row[0],
			Object.fromEntries(head.slice(1).map((key, i) => [key, Number(row[i + 1])]))]));
	}

	count(folder = 'INBOX') {
		return this.folders()[folder]?.messages ?? 0;
	}

	// The folder keeps its mails; what the UIDs of before meant is void.
	bumpUidValidity(folder = 'INBOX', name = 'konsultacje') {
		const now = this.folders(name)[folder].uidvalidity;
		this.adm('mailbox', 'update', '-u', name, '--uid-validity', String(now + 1), folder);
		return now + 1;
	}

	url(folder = 'INBOX') {
		return `imaps://localhost:${this.imaps}/${folder}`;
	}
}

// When mail is received unless told otherwise: see House.now.
export const received = '22-Nov-2026 10:00:00 +0100';

// A plain IMAP client over TLS, just enough to fill and to look at a mailbox.
export class ImapClient {
	static async open(port, name, word) {
		const client = new ImapClient();
		client.tag = 0;
		client.waiting = [];
		let rest = '';
		client.socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
		const failed = new Promise((_, reject) => {
			client.socket.on('error', reject);
			client.socket.on('close', () => reject(new Error('the IMAP server hung up')));
		});
		failed.catch(() => {});
		client.failed = failed;
		client.text = '';
		client.socket.on('data', (bytes) => {
			const all = rest + bytes.toString('latin1');
			const end = all.lastIndexOf('\n') + 1; // 0: no whole line yet
			rest = all.slice(end);
			client.text += all.slice(0, end);
			for (const line of all.slice(0, end).split('\r\n'))
				if (client.done?.test(line))
					client.resolve(line);
		});
		await client.command(`LOGIN ${name} "${word}"`);
		return client;
	}

	// Answers all that came until the tagged line, which must say OK.
	async command(...parts) {
		const tag = `t${++this.tag}`;
		this.text = '';
		this.done = new RegExp(`^${tag} `);
		const line = new Promise((resolve) => this.resolve = resolve);
		this.socket.write(`${tag} ${parts[0]}`);
		for (const part of parts.slice(1))
			this.socket.write(part);
		this.socket.write('\r\n');
		let timer;
		const late = new Promise((_, reject) => timer = setTimeout(() =>
			reject(new Error(`no answer to ${parts[0].slice(0, 40)}`)), 60000));
		const answer = await Promise.race([line, late, this.failed]).finally(() => clearTimeout(timer));
		assert.match(answer, /^\S+ OK/, `${parts[0].slice(0, 40)}: ${answer}`);
		return this.text;
	}

	// In one command, so that all of them are there or none; `at` is the
	// server's time of receipt.
	append(into, mails, at) {
		if (mails.length === 0)
			return undefined;
		const date = at ? ` "${at}"` : '';
		const parts = [`APPEND "${into}"`];
		for (const mail of mails) {
			const bytes = Buffer.isBuffer(mail) ? mail : Buffer.from(mail);
			parts.push(`${date} {${bytes.length}+}\r\n`, bytes);
		}
		return this.command(...parts);
	}

	async logout() {
		await this.command('LOGOUT');
		this.socket.destroy();
	}
}

// ---- SMTP -------------------------------------------------------------------

// The destination from Postfix's package: takes everything, a file per mail.
export class SmtpSink extends Server {
	// `keep`: false takes mails as fast as it can and forgets them; `core`: the
	// one processor that it runs on.
	constructor({ options = [], port, keep = true, core } = {}) {
		super('smtp-sink');
		Object.assign(this, { options, port, keep, core });
		fs.mkdirSync(path.join(this.dir, 'mails'));
		give(path.join(this.dir, 'mails'));
	}

	async start() {
		this.port ??= await freePort();
		return super.start();
	}

	command() {
		return [...(this.core === undefined ? [] : ['taskset', '-c', String(this.core)]),
			'/usr/sbin/smtp-sink', ...(this.keep ? ['-c', '-d', 'mails/m.'] : []),
			...this.options, `127.0.0.1:${this.port}`, '128'];
	}

	ports() {
		return [this.port];
	}

	// Each mail as it came, with what the client said in X- lines on top.
	mails() {
		const dir = path.join(this.dir, 'mails');
		return fs.readdirSync(dir)
			.map((name) => fs.readFileSync(path.join(dir, name), 'latin1'))
			.filter((text) => /^X-Rcpt-Args:/m.test(text));
	}

	messageIds() {
		return this.mails().map(messageId);
	}
}

export const messageId = (mail) => mail.match(/^Message-ID:\s*(\S+)/im)?.[1];

// A destination inside the test: `mails` is what it has said 250 to, in order,
// { id, to, text }, also over the kills of whoever sends.  `before(mail)` may
// answer how to fail: "cut" hangs up instead of the 250 and keeps the mail (the
// sender cannot know), "lose" hangs up and forgets it, else a reply to give.
export class SmtpRecorder {
	constructor({ cert, before = () => undefined } = {}) {
		Object.assign(this, { cert, before, mails: [], connections: 0 });
		this.sockets = new Set();
	}

	async start() {
		const serve = (socket) => this.serve(socket);
		this.server = this.cert ? tls.createServer({ cert: fs.readFileSync(this.cert.cert),
			key: fs.readFileSync(this.cert.key), noDelay: true }, serve)
			: net.createServer({ noDelay: true }, serve);
		this.server.on('tlsClientError', () => {});
		await new Promise((resolve) => this.server.listen(this.port ?? 0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		return this;
	}

	serve(socket) {
		const session = { socket, rest: '', mail: null, to: [] };
		this.connections++;
		this.sockets.add(socket);
		socket.on('close', () => this.sockets.delete(socket));
		socket.on('error', () => {});
		socket.setEncoding('latin1');
		socket.on('data', (text) => this.take(session, text));
		socket.write('220 mx.poczta.example ESMTP\r\n');
	}

	take(session, text) {
		session.rest += text;
		for (;;) {
			const end = session.mail === null ? '\r\n' : '\r\n.\r\n';
			const at = session.rest.indexOf(end);
			if (at < 0)
				return;
			const line = session.rest.slice(0, at);
			session.rest = session.rest.slice(at + end.length);
			const reply = session.mail === null ? this.command(session, line)
				: this.dot(session, line);
			if (reply === null) {
				session.socket.destroy();
				return;
			}
			session.socket.write(reply + '\r\n');
			if (reply.startsWith('221'))
				session.socket.end();
		}
	}

	command(session, line) {
		const [, verb, rest] = line.match(/^(\w*) ?(.*)$/);
		switch (verb.toUpperCase()) {
		case 'EHLO':
			return '250-mx.poczta.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n' +
				'250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES';
		case 'AUTH':
			return '235 2.7.0 welcome';
		case 'MAIL':
		case 'RSET':
			session.to = [];
			return '250 2.0.0 ok';
		case 'RCPT':
			session.to.push(rest.match(/<(.*)>/)?.[1]);
			return '250 2.1.5 ok';
		case 'DATA':
			session.mail = true;
			return '354 go on';
		case 'QUIT':
			return '221 2.0.0 bye';
		case 'NOOP':
			return '250 2.0.0 ok';
		default:
			return '500 5.5.2 what?';
		}
	}

	dot(session, text) {
		const mail = { id: messageId(text), to: session.to, text };
		session.mail = null;
		const failure = this.before(mail);
		if (failure === 'lose')
			return null;
		if (failure !== undefined && failure !== 'cut')
			return failure;
		this.mails.push(mail);
		return failure === 'cut' ? null : '250 2.0.0 taken';
	}

	async stop() {
		for (const socket of this.sockets)
			socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}

	close() {
		return this.stop();
	}
}

// A relay with TLS that hands everything on to port `relay`.  Who may use it
// is asked of `dovecot`, or everybody on this machine when there is none.
// Postfix wants to be root: asroot.c lets it believe that.
export class Postfix extends Server {
	constructor({ cert, relay, dovecot, settings = '' }) {
		super('postfix');
		Object.assign(this, { cert, relay, dovecot, settings });
		this.shim = path.join(this.dir, 'asroot.so');
		execFileSync(process.env.CC || 'gcc', ['-shared', '-fPIC', '-o', this.shim,
			'tests/flow/asroot.c']);
		for (const sub of ['conf', 'data', 'queue', ...['active', 'bounce', 'corrupt',
			'defer', 'deferred', 'flush', 'hold', 'incoming', 'maildrop', 'pid', 'private',
			'public', 'saved', 'trace'].map((name) => `queue/${name}`)]) {
			fs.mkdirSync(path.join(this.dir, sub));
			give(path.join(this.dir, sub));
		}
	}

	async start() {
		this.port ??= await freePort();
		this.smtps ??= await freePort();
		this.configure();
		return super.start();
	}

	configure() {
		const auth = this.dovecot ? `
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${this.dovecot.authSocket}
smtpd_tls_auth_only = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject` : `
smtpd_relay_restrictions = permit_mynetworks, reject`;
		write(path.join(this.dir, 'conf/main.cf'), `
compatibility_level = 3.6
queue_directory = ${this.dir}/queue
data_directory = ${this.dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C LD_PRELOAD
maillog_file = ${this.logFile}
maillog_file_prefixes = ${this.dir}
mail_owner = ${user}
setgid_group = postdrop
default_privs = ${user === 'daemon' ? 'nobody' : 'daemon'}
myhostname = mx.powiat.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
relayhost = [127.0.0.1]:${this.relay}
smtp_tls_security_level = none
smtpd_tls_cert_file = ${this.cert.cert}
smtpd_tls_key_file = ${this.cert.key}
smtpd_tls_security_level = may
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtpd_client_connection_count_limit = 0${auth}
${this.settings}
`);
		const open = new Set(['pickup', 'cleanup', 'qmgr', 'postlog',
			`127.0.0.1:${this.port}`, `127.0.0.1:${this.smtps}`]);
		const row = (name, type, wakeup, limit, command) =>
			`${name} ${type} ${open.has(name) ? 'n' : 'y'} - n ${wakeup} ${limit} ${command}\n`;
		write(path.join(this.dir, 'conf/master.cf'), [
			row(`127.0.0.1:${this.port}`, 'inet', '-', '-', 'smtpd'),
			row(`127.0.0.1:${this.smtps}`, 'inet', '-', '-', 'smtpd -o smtpd_tls_wrappermode=yes'),
			row('pickup', 'unix', '60', '1', 'pickup'),
			row('cleanup', 'unix', '-', '0', 'cleanup'),
			row('qmgr', 'unix', '300', '1', 'qmgr'),
			row('tlsmgr', 'unix', '1000?', '1', 'tlsmgr'),
			row('rewrite', 'unix', '-', '-', 'trivial-rewrite'),
			row('bounce', 'unix', '-', '0', 'bounce'),
			row('defer', 'unix', '-', '0', 'bounce'),
			row('trace', 'unix', '-', '0', 'bounce'),
			row('proxymap', 'unix', '-', '-', 'proxymap'),
			row('smtp', 'unix', '-', '-', 'smtp'),
			row('relay', 'unix', '-', '-', 'smtp'),
			row('error', 'unix', '-', '-', 'error'),
			row('retry', 'unix', '-', '-', 'error'),
			row('anvil', 'unix', '-', '1', 'anvil'),
			row('scache', 'unix', '-', '1', 'scache'),
			row('postlog', 'unix-dgram', '-', '1', 'postlogd'),
		].join(''));
		// Postfix waits until a file that was just written has settled.
		for (const file of ['main.cf', 'master.cf'])
			fs.utimesSync(path.join(this.dir, 'conf', file), 1e9, 1e9);
	}

	command() {
		return ['/usr/bin/env', `LD_PRELOAD=${this.shim}`,
			'/usr/lib/postfix/sbin/master', '-s', '-c', path.join(this.dir, 'conf')];
	}

	ports() {
		return [this.port, this.smtps];
	}
}

// ---- the line between -------------------------------------------------------

// A TCP line to `port`: `delay` ms each way, order kept; it can be cut (every
// connection reset, new ones refused until mended) or stalled (silent).
export class Line {
	constructor(port, { delay = 0 } = {}) {
		Object.assign(this, { to: port, delay, isCut: false, stalled: false });
		this.pairs = new Set();
		this.opened = 0;
	}

	async start() {
		this.server = net.createServer({ noDelay: true }, (near) => this.join(near));
		await new Promise((resolve) => this.server.listen(this.port ?? 0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		return this;
	}

	join(near) {
		if (this.isCut) {
			near.resetAndDestroy();
			return;
		}
		this.opened++;
		const far = net.connect({ port: this.to, host: '127.0.0.1', noDelay: true });
		const pair = { near, far, held: [] };
		this.pairs.add(pair);
		this.carry(pair, near, far);
		this.carry(pair, far, near);
	}

	// Each piece leaves `delay` ms after it came: one timer for all that wait,
	// so that order is kept and a fast sender is not slowed.
	carry(pair, from, to) {
		const queue = [];
		let timer = null;
		const flush = () => {
			timer = null;
			while (queue.length && queue[0].at <= performance.now() + 0.5)
				this.pass(pair, queue.shift().go);
			if (queue.length)
				timer = setTimeout(flush, Math.max(1, queue[0].at - performance.now()));
		};
		const later = (go) => {
			queue.push({ at: performance.now() + this.delay, go });
			timer ??= setTimeout(flush, this.delay);
		};
		from.on('data', (bytes) => later(() => {
			if (!to.destroyed && !to.write(bytes) && !from.isPaused()) {
				from.pause();
				to.once('drain', () => from.resume());
			}
		}));
		from.on('end', () => later(() => to.end()));
		from.on('error', () => later(() => to.destroy()));
		from.on('close', () => this.pairs.delete(pair));
	}

	pass(pair, go) {
		if (this.stalled)
			pair.held.push(go);
		else
			go();
	}

	cut() {
		this.isCut = true;
		this.drop();
	}

	mend() {
		this.isCut = false;
	}

	// Resets every connection; new ones are served.
	drop() {
		for (const { near, far } of this.pairs) {
			near.resetAndDestroy();
			far.resetAndDestroy();
		}
		this.pairs.clear();
	}

	stall() {
		this.stalled = true;
	}

	unstall() {
		this.stalled = false;
		for (const pair of this.pairs)
			for (const go of pair.held.splice(0))
				go();
	}

	async close() {
		this.cut();
		await new Promise((resolve) => this.server.close(resolve));
	}
}

// ---- tokens -----------------------------------------------------------------

// A token endpoint: answers what `reply(form, url)` says, { status, body }, or
// lets { raw } write to the response; remembers every form it was sent.  http on loopback, or https with `cert`.
export class TokenServer {
	constructor({ reply, cert }) {
		Object.assign(this, { reply, cert, asked: [] });
	}

	async start() {
		const serve = (request, response) => {
			let text = '';
			request.on('data', (bytes) => text += bytes);
			request.on('end', () => {
				const form = Object.fromEntries(new URLSearchParams(text));
				this.asked.push(form);
				const { status = 200, body, raw } = this.reply(form, request.url);
				if (raw) {
					raw(response);
					return;
				}
				response.writeHead(status, { 'Content-Type': 'application/json' });
				response.end(JSON.stringify(body));
			});
		};
		this.server = this.cert ? https.createServer({ cert: fs.readFileSync(this.cert.cert),
			key: fs.readFileSync(this.cert.key) }, serve) : http.createServer(serve);
		await new Promise((resolve) => this.server.listen(this.port ?? 0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
		return this;
	}

	get url() {
		return `${this.cert ? 'https' : 'http'}://localhost:${this.port}/token`;
	}

	async close() {
		this.server.closeAllConnections();
		await new Promise((resolve) => this.server.close(resolve));
	}
}
