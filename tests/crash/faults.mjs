// faults - a night of faults in miniature
//
// Place: `make crash` runs it for T seconds (600), tests/flow/faults.test.mjs a
// short part.  Mails and texts keep coming while, by a seeded lot, servers are
// restarted, killed, stalled and cut off, the disk fills up, the clock is moved
// and the daemon itself is killed.  When all is mended again: received is the
// sum of fates, each message became one remark, and nothing owed is unsent.
//
// usage: node tests/crash/faults.mjs       T=600 SEED=20261122
//        FAULTS='disk: full,relay: slow' keeps to these
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { Daemon, House, preload, random, residentMail, until } from '../flow/house.mjs';
import { Authority, Dovecot, Line, received, SmtpRecorder } from '../flow/servers.mjs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class World {
	async open(seed) {
		this.next = random(seed);
		this.authority = new Authority();
		this.dovecot = new Dovecot({ layout: 'sdbox', cert: this.authority.good });
		await this.dovecot.start();
		this.recorder = await new SmtpRecorder().start();
		this.imapLine = await new Line(this.dovecot.imaps).start();
		this.smtpLine = await new Line(this.recorder.port).start();
		this.house = new House({
			imap: { url: `imaps://localhost:${this.imapLine.port}/INBOX`, user: 'konsultacje',
				password: 'tajne-haslo', ca_file: this.authority.file, start: 'all', poll_every: 1 },
			smtp: { url: `smtp://127.0.0.1:${this.smtpLine.port}`, connections: 2 },
		});
		this.before = new Set(this.house.rows('outbox', 'list').map((r) => r.id));
		this.ahead = Date.parse(this.house.now) - Date.now();
		this.full = path.join(this.house.dir, 'full');
		this.setClock(0);
		this.env = { UWAGA_CLOCK: path.join(this.house.dir, 'clock'),
			UWAGA_DISK: `${this.house.dir}/uwaga.db`, UWAGA_DISK_FULL: this.full,
			ASAN_OPTIONS: 'verify_asan_link_order=0',
			LD_PRELOAD: ['clock', 'disk'].map((n) => preload(this.house.dir, n)).join(' ') };
		this.mails = 0;
		this.texts = 0;
		this.restarts = 0;
		this.start();
		return this;
	}

	// Moves the daemon's clock by so many milliseconds.
	setClock(ms) {
		this.ahead += ms;
		const file = path.join(this.house.dir, 'clock');
		fs.writeFileSync(`${file}.new`, String(this.ahead));
		fs.renameSync(`${file}.new`, file);
	}

	start() {
		const daemon = new Daemon(this.house, { now: null, env: this.env });
		this.daemon = daemon;
		daemon.ended.then(() => daemon.gone = true);
	}

	// What a supervisor does when the daemon gives up; only a full disk is
	// reason enough.
	supervise(mayEnd) {
		if (!this.daemon.gone)
			return;
		assert.ok(mayEnd, `the daemon ended by itself: ${this.daemon.log.slice(-1500)}`);
		this.restarts++;
		this.start();
	}

	async mail(n) {
		const mails = Array.from({ length: n }, () => residentMail(this.mails++));
		await this.dovecot.deliver(mails);
	}

	text() {
		const i = this.texts++;
		this.house.text({ from: `+4811${String(1000000 + i)}`,
			text: `BL-7M4H Prosimy o ławkę numer ${i}.`, at: '2026-11-22T10:00:00+01:00' });
	}

	// What may be told apart by how long it lasts: `during` runs in the middle.
	faults() {
		const line = (l) => [[() => l.cut(), () => l.mend()], [() => l.stall(), () => l.unstall()],
			[() => l.drop(), () => {}], [() => l.delay = 40, () => l.delay = 0]];
		const { dovecot, recorder } = this;
		const [imapCut, imapStall, imapDrop, imapSlow] = line(this.imapLine);
		const [smtpCut, smtpStall, smtpDrop, smtpSlow] = line(this.smtpLine);
		const smtp = (failure) => [() => recorder.before = (mail) =>
			this.next() < 0.3 ? failure : undefined, () => recorder.before = () => undefined];
		return {
			'mailbox: restarted': [() => dovecot.stop(), () => dovecot.start()],
			'mailbox: killed': [() => dovecot.kill(), () => dovecot.start()],
			'mailbox: stopped answering': [() => dovecot.pause(), () => dovecot.resume()],
			'mailbox: cut off': imapCut,
			'mailbox: line stalled': imapStall,
			'mailbox: connections reset': imapDrop,
			'mailbox: slow': imapSlow,
			'mailbox: other UIDVALIDITY': [() => dovecot.bumpUidValidity(), () => {}],
			'relay: restarted': [() => recorder.stop(), () => recorder.start()],
			'relay: cut off': smtpCut,
			'relay: line stalled': smtpStall,
			'relay: connections reset': smtpDrop,
			'relay: slow': smtpSlow,
			'relay: not now': smtp('451 4.3.0 later'),
			'relay: gone before its answer': smtp('cut'),
			'relay: gone with the mail': smtp('lose'),
			'disk: full': [() => fs.writeFileSync(this.full, ''), () => fs.rmSync(this.full)],
			'clock: an hour ahead': [() => this.setClock(3600e3), () => {}],
			'clock: half an hour back': [() => this.setClock(-1800e3), () => {}],
			'daemon: killed': [() => this.daemon.kill(), () => this.start()],
			'daemon: stopped': [() => this.daemon.stop(), () => this.start()],
			'daemon: told to read its configuration': [() => this.daemon.child.kill('SIGHUP'), () => {}],
		};
	}

	owed() {
		return ['queued', 'claimed', 'deferred', 'unknown'].flatMap((state) =>
			this.house.rows('outbox', 'list', '--state', state));
	}

	async close() {
		this.daemon?.child.kill('SIGKILL');
		this.dovecot?.resume();
		await this.imapLine?.close();
		await this.smtpLine?.close();
		await this.recorder?.close();
		await this.dovecot?.close();
		this.house?.close();
		this.authority?.close();
	}
}

// One fault: mail before it, texts and (where the mailbox can take it) mail
// during it.
async function suffer(world, name, [begin, end], longest) {
	const next = world.next;
	await world.mail(1 + Math.floor(next() * 20));
	await pause(next() * 150);
	await begin();
	world.text();
	if (!name.startsWith('mailbox: ') || /line|cut|reset|slow/.test(name))
		await world.mail(1 + Math.floor(next() * 10));
	await pause(next() * longest);
	await end();
	world.supervise(name === 'disk: full');
}

// Waits until all that came is stored and all that is owed is sent, letting the
// daemon's clock run fast, so that what was put off falls due.
async function calm(world) {
	const { house, dovecot } = world;
	const inbox = path.join(house.dir, 'spool/inbox');
	await until('all is fetched and sent', async () => {
		world.setClock(60e3);
		await pause(100);
		world.supervise(false);
		return dovecot.count() === 0 && fs.readdirSync(inbox).length === 0 &&
			world.owed().length === 0;
	}, 180000);
	await world.daemon.stop();
}

function ledger(world) {
	const { house, recorder } = world;
	const count = (list) => list.reduce((all, key) =>
		all.set(key, (all.get(key) || 0) + 1), new Map());
	const journal = house.rows('journal');
	const fates = Object.fromEntries(count(journal.map((r) => r.fate)));
	const remarks = count(house.rows('remark', 'list').map((r) => r.text));
	const ids = new Map();
	for (const mail of recorder.mails)
		ids.set(mail.to[0], (ids.get(mail.to[0]) || new Set()).add(mail.id));
	const figures = { mails: world.mails, texts: world.texts, received: journal.length,
		...Object.fromEntries(Object.entries(fates).map(([k, n]) => [`fate ${k}`, n])),
		lost: 0, doubled: 0, unconfirmed: 0, 'other Message-ID': 0,
		repeats: recorder.mails.length - count(recorder.mails.map((m) => m.id)).size,
		'restarts by the supervisor': world.restarts };
	for (const r of journal.filter((row) => row.fate !== 'filed').slice(0, 5))
		console.error(`${r.source} ${r.external_id}: ${r.fate}, ${r.why}`);
	const rows = house.rows('outbox', 'list');
	for (const r of rows.filter((row) => row.state !== 'sent').slice(0, 5))
		console.error(`owed to ${r.to}: ${r.state}, ${r.why}`);
	const expect = (text) => {
		const n = remarks.get(text) || 0;
		figures.lost += n === 0;
		figures.doubled += Math.max(0, n - 1);
	};
	for (let i = 0; i < world.mails; i++) {
		expect(`Prosimy o kurs numer ${i}.`);
		const own = ids.get(`osoba${i}@poczta.example`)?.size || 0;
		if (own === 0) {
			figures.unconfirmed++;
			const to = `osoba${i}@poczta.example`;
			console.error(`${to} got nothing: ` + JSON.stringify(rows.filter((r) => r.to === to)));
		}
		figures['other Message-ID'] += Math.max(0, own - 1);
	}
	for (let i = 0; i < world.texts; i++)
		expect(`Prosimy o ławkę numer ${i}.`);
	// Nothing goes out twice but what the log says is in doubt.
	const doubtful = new Set(world.daemon.log.split('\n')
		.filter((line) => line.includes('in_doubt=yes'))
		.map((line) => Number(line.match(/ row=(\d+)/)[1])));
	const rowOf = new Map(rows.map((r) => [`<${r.message_id}>`, r.id]));
	figures['repeats not in doubt'] = [...count(recorder.mails.map((m) => m.id))]
		.filter(([id, n]) => n > 1 && !doubtful.has(rowOf.get(id))).length;
	const letters = fs.readdirSync(path.join(house.dir, 'spool/outbox')).length;
	figures['texts sent'] = letters;
	return figures;
}

export async function night({ seconds, seed, only }) {
	const world = new World();
	const seen = {};
	try {
		await world.open(seed);
		const faults = Object.entries(world.faults())
			.filter(([name]) => !only || only.includes(name));
		const end = Date.now() + seconds * 1000;
		const longest = seconds > 60 ? 4000 : 400;
		let lot = [];
		for (let n = 0; Date.now() < end || n < faults.length; n++) {
			if (lot.length === 0)
				lot = [...faults];
			const [[name, fault]] = lot.splice(Math.floor(world.next() * lot.length), 1);
			seen[name] = (seen[name] || 0) + 1;
			await suffer(world, name, fault, longest);
		}
		await calm(world);
		const figures = ledger(world);
		world.house.run('verify');
		return { seen, figures };
	} catch (e) {
		console.error(`faults so far: ${JSON.stringify(seen)}\nowed: ` +
			JSON.stringify(world.owed().slice(0, 5)) + '\nlog: ' + world.daemon.log
			.split('\n').filter((l) => !/intake stored|outbox sent/.test(l)).slice(-40).join('\n'));
		throw e;
	} finally {
		await world.close();
	}
}

export function check({ figures }) {
	for (const name of ['lost', 'doubled', 'unconfirmed', 'other Message-ID', 'repeats not in doubt'])
		assert.equal(figures[name], 0, `${name}: ${JSON.stringify(figures)}`);
	assert.equal(figures['texts sent'], figures.texts, JSON.stringify(figures));
	const fates = Object.entries(figures).filter(([name]) => name.startsWith('fate '))
		.reduce((sum, [, n]) => sum + n, 0);
	assert.equal(fates, figures.received);
	assert.equal(figures['fate filed'], figures.mails + figures.texts, JSON.stringify(figures));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const seconds = Number(process.env.T || 600);
	const seed = Number(process.env.SEED || 20261122);
	const outcome = await night({ seconds, seed, only: process.env.FAULTS?.split(',') });
	for (const [name, n] of [...Object.entries(outcome.seen), ...Object.entries(outcome.figures)])
		console.log(`${String(n).padStart(8)}  ${name}`);
	check(outcome);
	console.log(`ok - ${seconds} s of faults (seed ${seed})`);
}
