// mail - killed at random moments between two mail servers, each message once
//
// Place: `make crash` runs it whole, tests/flow/crash.test.mjs a short part.
// Dovecot holds a mailbox into which mails keep coming; a recording server
// takes what goes out.  The daemon is killed (SIGKILL) at seeded random moments
// and started again on what it left; then it may finish, and the ledger of the
// world outside is compared with its own.
//
// usage: node tests/crash/mail.mjs         ROUNDS=500 SEED=20261122
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { Daemon, House, random, residentMail, until } from '../flow/house.mjs';
import { Authority, Dovecot, received, SmtpRecorder } from '../flow/servers.mjs';

const connections = 2;
const claim = 50; // rows a connection takes at most in one commit

// Everything that a round needs.
class World {
	async open() {
		this.authority = new Authority();
		this.dovecot = new Dovecot({ layout: 'sdbox', cert: this.authority.good });
		await this.dovecot.start();
		this.recorder = await new SmtpRecorder().start();
		this.client = await this.dovecot.client();
		this.house = new House({
			imap: { url: this.dovecot.url(), user: 'konsultacje', password: 'tajne-haslo',
				ca_file: this.authority.file, start: 'all', poll_every: 1 },
			smtp: { url: `smtp://127.0.0.1:${this.recorder.port}`, connections },
		});
		this.before = new Set(this.house.rows('outbox', 'list').map((r) => r.id));
		this.delivered = 0;
		this.doubtful = new Set(); // ids of rows claimed when it was killed
		this.worst = 0;
		return this;
	}

	async deliver(n) {
		const mails = Array.from({ length: n }, () => residentMail(this.delivered++));
		await this.client.append('INBOX', mails, received);
	}

	start() {
		fs.rmSync(path.join(this.house.dir, 'log'), { force: true });
		return this.daemon = new Daemon(this.house);
	}

	// What was in a sender's hands: each may go out twice, nothing else may.
	async kill() {
		const how = await this.daemon.kill();
		assert.equal(how.signal, 'SIGKILL', `it ended by itself: ${this.daemon.log.slice(-2000)}`);
		const claimed = this.house.rows('outbox', 'list', '--state', 'claimed');
		for (const row of claimed)
			this.doubtful.add(row.message_id);
		this.worst = Math.max(this.worst, claimed.length);
		assert.ok(claimed.length <= claim * connections,
			`${claimed.length} rows were claimed`);
	}

	async close() {
		this.daemon?.child.kill('SIGKILL');
		this.client?.socket.destroy();
		this.house?.close();
		await this.recorder?.close();
		await this.dovecot?.close();
		this.authority?.close();
	}
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits for the moment of a round's kill: some time after the start, or a
// little after something happened.
async function moment(world, next) {
	const stored = () => world.daemon.log.split('intake stored').length;
	const taken = () => world.recorder.mails.length;
	const [storedBefore, takenBefore] = [stored(), taken()];
	const kind = Math.floor(next() * 3);
	if (kind === 1)
		await until('something is stored', () => stored() > storedBefore);
	if (kind === 2)
		await until('something is sent', () => taken() > takenBefore);
	await pause(next() * (kind === 0 ? 400 : 60));
	return ['start', 'store', 'send'][kind];
}

// What must hold when all is done; answers the figures.
function ledger(world) {
	const { house, recorder } = world;
	const journal = house.rows('journal');
	const times = new Map();
	for (const r of journal)
		times.set(r.message_id, (times.get(r.message_id) || 0) + 1);
	const remarks = new Map();
	for (const r of house.rows('remark', 'list'))
		remarks.set(r.inbound, (remarks.get(r.inbound) || 0) + 1);
	const sent = new Map();
	for (const mail of recorder.mails) {
		const ids = sent.get(mail.to[0]) || new Map();
		ids.set(mail.id, (ids.get(mail.id) || 0) + 1);
		sent.set(mail.to[0], ids);
	}
	const figures = { delivered: world.delivered, stored: journal.length,
		lost: 0, doubled: 0, unconfirmed: 0, repeats: 0, unlisted: 0, 'other Message-ID': 0 };
	for (let i = 0; i < world.delivered; i++) {
		if (!times.has(`m${i}@poczta.example`) && !times.has(`<m${i}@poczta.example>`))
			figures.lost++;
		const ids = sent.get(`osoba${i}@poczta.example`);
		if (!ids) {
			figures.unconfirmed++;
			continue;
		}
		if (ids.size > 1)
			figures['other Message-ID']++;
		for (const [id, n] of ids) {
			figures.repeats += n - 1;
			if (n > 1 && ![id, id.replace(/[<>]/g, '')].some((x) => world.doubtful.has(x)))
				figures.unlisted++;
		}
	}
	for (const [, n] of remarks)
		figures.doubled += n - 1;
	figures.doubled += [...times.values()].reduce((sum, n) => sum + n - 1, 0);
	figures.remarks = [...remarks.values()].reduce((sum, n) => sum + n, 0);
	return figures;
}

// Runs it; answers the figures of the ledger, of which the last say what a
// promise allows.
export async function killed({ rounds, seed }) {
	const next = random(seed);
	const world = new World();
	const moments = { start: 0, store: 0, send: 0 };
	try {
		await world.open();
		for (let round = 0; round < rounds; round++) {
			await world.deliver(1 + Math.floor(next() * 60));
			world.start();
			moments[await moment(world, next)]++;
			await world.kill();
			if (process.env.VERBOSE)
				console.error(`round ${round}: ${world.delivered} delivered, ` +
					`${world.recorder.mails.length} sent`);
		}
		world.start();
		const owed = () => ['queued', 'claimed', 'deferred'].flatMap((state) =>
			world.house.rows('outbox', 'list', '--state', state));
		await until('the mailbox is empty', () => world.dovecot.count() === 0, 120000);
		await until('nothing is owed', () => owed().length === 0, 120000);
		await world.daemon.stop();
		const figures = ledger(world);
		world.house.run('verify');
		return { kills: rounds, ...moments, ...figures, 'claimed at most': world.worst };
	} finally {
		await world.close();
	}
}

export function check(figures) {
	for (const name of ['lost', 'doubled', 'unconfirmed', 'unlisted', 'other Message-ID'])
		assert.equal(figures[name], 0, `${name}: ${JSON.stringify(figures)}`);
	assert.equal(figures.stored, figures.delivered, JSON.stringify(figures));
	assert.equal(figures.remarks, figures.delivered, JSON.stringify(figures));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const rounds = Number(process.env.ROUNDS || 500);
	const seed = Number(process.env.SEED || 20261122);
	const figures = await killed({ rounds, seed });
	for (const [name, n] of Object.entries(figures))
		console.log(`${String(n).padStart(8)}  ${name}`);
	check(figures);
	console.log(`ok - killed ${rounds} times between IMAP and SMTP (seed ${seed})`);
}
