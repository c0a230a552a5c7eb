// mail - how fast mail gets from a real server into the database
//
// Place: `make bench`.  Dovecot (sdbox, TLS) holds the mailbox; the daemon, the
// peer mbsync and a careful Python pipeline read it in turn, each from the same
// state, several rounds, so that a noisy machine troubles all alike: what counts
// is the ratio within a round.  Everybody's clock runs from the start of the
// program until the last mail is stored and (where it moves mail) moved.
//
// The mails are about 18 KB on average: short ones in plain text, answers with
// HTML and quotes, a few with a photograph.
//
// MAILS=20000 ROUNDS=3 OLD=100000 BIG=4 sizes; ONLY=flood,far-flood,poll,memory parts
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Daemon, House, random, residentMail, until } from '../flow/house.mjs';
import { Authority, descendants, Dovecot, Line } from '../flow/servers.mjs';

const size = (name, usual) => Number(process.env[name] || usual);
const n = size('MAILS', 20000), rounds = size('ROUNDS', 3);
const only = process.env.ONLY?.split(',');
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const say = (...columns) => console.log(columns[0].padEnd(52),
	...columns.slice(1).map((c) => String(c).padStart(11)));

// ---- mails ------------------------------------------------------------------

const next = random(20261122);
const words = ('prosimy o dodatkowe kursy autobusu ławki przy szkole chodnik oświetlenie ' +
	'ulica park rower ścieżka sobota niedziela rano wieczorem droga gmina Bojszowy ' +
	'przystanek zieleń drzewa hałas plac zabaw dzieci seniorzy').split(' ');
const phrase = (length) => Array.from({ length }, () =>
	words[Math.floor(next() * words.length)]).join(' ');
const paragraphs = (length) => Array.from({ length }, () => phrase(9)).join('\r\n');

function mixedMail(i) {
	const head = residentMail(i).split('\r\n\r\n')[0] + '\r\nMIME-Version: 1.0\r\n' +
		'Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n';
	const text = `Dzień dobry,\r\n\r\n${paragraphs(6)} numer ${i}.\r\n\r\nPozdrawiam\r\nOsoba ${i}\r\n`;
	const plain = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n';
	const part = (type, body) => `--x${i}x\r\n${type}${body}\r\n`;
	const quote = paragraphs(136).split('\r\n');
	if (i % 10 < 5)
		return `${head}${plain}${text}`;
	if (i % 10 < 9)
		return `${head}Content-Type: multipart/alternative; boundary="x${i}x"\r\n\r\n` +
			part(plain, `${text}\r\nW dniu 20.11.2026 o 12:00, Starostwo pisze:\r\n` +
				quote.map((l) => `> ${l}`).join('\r\n')) +
			part('Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n',
				`<div>${text}</div><blockquote>${quote.join('<br>\r\n')}</blockquote>`) +
			`--x${i}x--\r\n`;
	const photo = crypto.createHash('sha512').update(String(i)).digest();
	return `${head}Content-Type: multipart/mixed; boundary="x${i}x"\r\n\r\n` +
		part(plain, text) +
		part('Content-Type: image/jpeg; name="foto.jpg"\r\nContent-Transfer-Encoding: base64\r\n' +
			'Content-Disposition: attachment; filename="foto.jpg"\r\n\r\n',
			Buffer.alloc(68000, photo).toString('base64').replace(/.{76}/g, '$&\r\n')) +
		`--x${i}x--\r\n`;
}

function* mails(count, make = mixedMail) {
	for (let i = 0; i < count; i++)
		yield make(i);
}

// ---- the machine's side -----------------------------------------------------

// A mailbox that can be put back: the mails are links, the indexes copies.
class Mailbox {
	async open() {
		this.authority = new Authority();
		this.dovecot = new Dovecot({ layout: 'sdbox', cert: this.authority.good,
			settings: 'mail_max_userip_connections = 50' });
		await this.dovecot.start();
		this.home = path.join(this.dovecot.dir, 'mail');
		return this;
	}

	keep() {
		this.dovecot.adm('index', '-u', 'konsultacje', 'INBOX');
		fs.renameSync(this.home, `${this.home}.kept`);
		this.reset();
	}

	reset() {
		fs.rmSync(this.home, { recursive: true, force: true });
		const done = spawnSync('sh', ['-ec', 'cp -al "$1.kept" "$1"; cd "$1"; ' +
			'find . -name "dovecot*" -type f | while read -r f; do ' +
			'cp -a --remove-destination "$1.kept/$f" "$f"; done', 'sh', this.home]);
		assert.equal(done.status, 0, String(done.stderr));
	}

	async close() {
		await this.dovecot.close();
		this.authority.close();
	}
}

function run(command, args, options = {}) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
		let errors = '';
		child.stderr.on('data', (bytes) => errors += bytes);
		child.on('close', (code) => resolve({ code, errors, child }));
		options.started?.(child);
	});
}

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(body) {
	const began = performance.now();
	await body();
	return (performance.now() - began) / 1000;
}

// A house whose confirmations stay queued: nobody listens where they go.
const houseAt = (box, port, more = {}) => new House({
	imap: { url: `imaps://localhost:${port}/INBOX`, user: 'konsultacje',
		password: 'tajne-haslo', ca_file: box.authority.file, start: 'all', ...more },
	smtp: { url: 'smtp://127.0.0.1:9' } });

// Runs the daemon until the mailbox is empty; answers seconds.
async function gateway(box, port, count, { watch } = {}) {
	const house = houseAt(box, port, { max_message_size: 64 << 20 });
	const client = await box.dovecot.client();
	let daemon;
	try {
		const seconds = await timed(async () => {
			daemon = new Daemon(house);
			watch?.(daemon.child);
			let left = count;
			await until('the mailbox is empty', async () => {
				await rest(left > count / 10 ? 200 : 20); // each look costs the server time
				const said = await client.command('STATUS INBOX (MESSAGES)');
				left = Number(said.match(/MESSAGES (\d+)\)/)[1]);
				return left === 0;
			}, 600000);
		});
		await daemon.stop();
		assert.equal(house.rows('remark', 'list').length, count);
		return seconds;
	} finally {
		daemon?.child.kill('SIGKILL');
		await client.logout();
		house.close();
	}
}

class Mbsync {
	constructor(box, port, { durable = true } = {}) {
		this.dir = fs.mkdtempSync(path.join(box.dovecot.dir, 'mbsync-'));
		this.rc = path.join(this.dir, 'rc');
		fs.mkdirSync(path.join(this.dir, 'mail'));
		fs.writeFileSync(this.rc, `
FSync ${durable ? 'yes' : 'no'}

IMAPAccount far
Host localhost
Port ${port}
User konsultacje
Pass tajne-haslo
SSLType IMAPS
CertificateFile ${box.authority.file}

IMAPStore far
Account far

MaildirStore near
Path ${this.dir}/mail/
Inbox ${this.dir}/mail/INBOX

Channel all
Far :far:
Near :near:
Pattern INBOX
Create Near
Sync Pull New
SyncState *
`);
	}

	async run(options) {
		const { code, errors } = await run('mbsync', ['-q', '-c', this.rc, 'all'], options);
		assert.equal(code, 0, errors);
	}

	count() {
		return fs.readdirSync(path.join(this.dir, 'mail/INBOX/new')).length;
	}

	close() {
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

async function mbsync(box, port, count, options) {
	const peer = new Mbsync(box, port, options);
	try {
		const seconds = await timed(() => peer.run({ started: options.watch }));
		assert.equal(peer.count(), count);
		return seconds;
	} finally {
		peer.close();
	}
}

async function python(box, port, count) {
	const database = path.join(fs.mkdtempSync(path.join(box.dovecot.dir, 'python-')), 'db');
	const seconds = await timed(async () => {
		const { code, errors } = await run('/usr/bin/python3',
			['tests/bench/pipeline.py', String(port), box.authority.file, database]);
		assert.equal(code, 0, errors);
	});
	assert.equal(box.dovecot.count('Przetworzone'), count);
	fs.rmSync(path.dirname(database), { recursive: true });
	return seconds;
}

// What server and line cost alone; see drain.c.
async function drain(box, port, count) {
	box.dovecot.adm('mailbox', 'create', '-u', 'konsultacje', 'Przetworzone');
	const seconds = await timed(async () => {
		const { code, errors } = await run('build/bench/drain', [`imaps://localhost:${port}`,
			'konsultacje', 'tajne-haslo', box.authority.file]);
		assert.equal(code, 0, errors);
	});
	assert.equal(box.dovecot.count('Przetworzone'), count);
	return seconds;
}

// Everybody in turn, `rounds` times, each from the same mailbox.
async function compare(title, box, port, count, runners) {
	const took = Object.fromEntries(Object.keys(runners).map((name) => [name, []]));
	for (let round = 0; round < rounds; round++)
		for (const [name, runner] of Object.entries(runners)) {
			box.reset();
			took[name].push(await runner(box, port, count, {}));
		}
	const peer = took['mbsync, durable'];
	say(title, 'mails/s', 'mbsync = 1');
	for (const [name, list] of Object.entries(took))
		say(`  ${name}`, Math.round(count / median(list)),
			median(list.map((s, i) => peer[i] / s)).toFixed(2));
	return took;
}

// ---- the rows of the table --------------------------------------------------

async function flood(box) {
	await compare(`${n} mails, stored, owed a confirmation, moved`, box, box.dovecot.imaps, n, {
		'uwaga': gateway,
		'mbsync, durable': mbsync,
		'mbsync, no fsync': (...a) => mbsync(...a.slice(0, 3), { durable: false }),
		'Python, a transaction a batch': python,
		'fetched and moved, nothing kept': drain,
	});
}

async function far(box) {
	const line = await new Line(box.dovecot.imaps, { delay: 15 }).start();
	await compare(`${n} mails at a 30 ms round trip`, box, line.port, n,
		{ 'uwaga': gateway, 'mbsync, durable': mbsync });
	await line.close();
}

// How long a daemon is busy with its mailbox after the connection was cut while
// mails came: from connecting until nothing more is said, which is when all is
// stored and moved and it waits again.  Its back-off before that does not count.
async function reconnect(line, deliver) {
	line.cut();
	await deliver();
	const before = line.opened;
	line.mend();
	await until('the daemon connects', () => line.opened > before, 60000);
	await until('the mailbox is quiet', () => performance.now() - line.lastAt > 1000, 60000);
	return (line.lastAt - line.openedAt) / 1000;
}

// A line that knows when it was opened last, and when something was said last.
class TimedLine extends Line {
	join(near) {
		this.openedAt = this.lastAt = performance.now();
		super.join(near);
	}

	// Without the timer, which adds a millisecond each way.
	carry(pair, from, to) {
		from.on('data', (bytes) => {
			this.lastAt = performance.now();
			to.write(bytes);
		});
		from.on('end', () => to.end());
		from.on('error', () => to.destroy());
		from.on('close', () => this.pairs.delete(pair));
	}
}

async function poll() {
	say('a poll that finds 10 new mails', 'uwaga ms', 'mbsync ms', 'daemon ms', 'load');
	for (const old of [1000, size('OLD', 100000)]) {
		const box = await new Mailbox().open();
		await box.dovecot.deliver(mails(old, residentMail));
		const house = houseAt(box, box.dovecot.imaps, { start: 'now' });
		const line = await new TimedLine(box.dovecot.imaps).start();
		const far = houseAt(box, line.port, { start: 'now' });
		const peer = new Mbsync(box, box.dovecot.imaps, { durable: false });
		const took = { uwaga: [], mbsync: [], daemon: [] };
		const times = Math.max(5, rounds);
		let serial = old;
		const deliver = () => box.dovecot.deliver(Array.from({ length: 10 }, () =>
			residentMail(serial++)));
		house.poll();
		await peer.run();
		for (let i = 0; i < times; i++) {
			await deliver();
			took.mbsync.push(await timed(() => peer.run()));
			took.uwaga.push(await timed(() => house.try('run', '--once')));
			assert.equal(house.rows('remark', 'list').length, 10 * (i + 1));
		}
		await far.later('run', '--once');
		const daemon = new Daemon(far);
		await until('it waits for mail', () => line.pairs.size && performance.now() - line.lastAt > 1000);
		for (let i = 0; i < times; i++) {
			took.daemon.push(await reconnect(line, deliver));
			assert.equal(far.rows('remark', 'list').length, 10 * (i + 1));
		}
		await daemon.stop();
		say(`  among ${old} old ones`, ...Object.values(took).map((list) =>
			Math.round(1000 * median(list))), os.loadavg()[0].toFixed(1));
		house.close();
		far.close();
		await line.close();
		await box.close();
	}
	say('  (uwaga, mbsync: the whole process; daemon: from connecting to stored and moved)');
}

// Watches a process and all below it; `peak` is the largest sum of their
// proportional set sizes, in MB.
class Memory {
	constructor() {
		this.peak = 0;
	}

	watch = (child) => {
		const look = () => {
			let sum = 0;
			for (const pid of [child.pid, ...descendants(child.pid)]) {
				try {
					sum += Number(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
						.match(/^Pss: +(\d+)/m)?.[1] || 0);
				} catch {
					continue; // it has ended meanwhile
				}
			}
			this.peak = Math.max(this.peak, sum / 1024);
		};
		const timer = setInterval(look, 10);
		child.on('exit', () => clearInterval(timer));
	};
}

async function memory() {
	const count = size('BIG', 4);
	const box = await new Mailbox().open();
	const big = (i) => {
		const photo = crypto.randomBytes(26 << 20).toString('base64').replace(/.{76}/g, '$&\r\n');
		return `${residentMail(i).replace('\r\n\r\n', `\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\n`)}` +
			`--b\r\nContent-Type: image/tiff\r\nContent-Transfer-Encoding: base64\r\n\r\n${photo}\r\n--b--\r\n`;
	};
	for (let i = 0; i < count; i++)
		await box.dovecot.deliver([big(i)]);
	box.keep();
	const own = new Memory(), peer = new Memory();
	await mbsync(box, box.dovecot.imaps, count, { watch: peer.watch });
	await gateway(box, box.dovecot.imaps, count, { watch: own.watch });
	say(`peak memory (PSS), ${count} mails of 36 MB`, `${Math.round(own.peak)} MB`,
		`mbsync ${Math.round(peer.peak)} MB`);
	await box.close();
}

const parts = { flood, 'far-flood': far, poll, memory };
const wanted = Object.keys(parts).filter((name) => !only || only.includes(name));
let box;
if (wanted.includes('flood') || wanted.includes('far-flood')) {
	box = await new Mailbox().open();
	let bytes = 0;
	const counted = function* () {
		for (const mail of mails(n)) {
			bytes += Buffer.byteLength(mail);
			yield mail;
		}
	};
	await box.dovecot.deliver(counted());
	box.keep();
	say(`mails of ${(bytes / n / 1024).toFixed(1)} KB on average, ${rounds} rounds, medians`);
}
for (const name of wanted)
	await parts[name](box);
await box?.close();
