// notice - killed at random moments while many are announced to and sent to
//
// Place: `make crash` runs it whole, tests/flow/notice_crash.test.mjs a short
// part.  First the command that announces is killed at random moments, until one
// ends; then the daemon is, between which the notice is paused and resumed;
// then it may finish.  Everybody got the notice; who got it twice was in a
// sender's hands when it died, and the second had the same Message-ID.
//
// usage: node tests/crash/notice.mjs         ROUNDS=50 PEOPLE=20000 SEED=20261128
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

import { Daemon, House, program, random, until } from '../flow/house.mjs';
import { SmtpRecorder } from '../flow/servers.mjs';

const key = 's-10ke-ledziny-2';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// `n` people who want the notices of Lędziny.
export function subscribe(house, n) {
	execFileSync('sqlite3', ['-bail', `${house.dir}/uwaga.db`, `BEGIN;
		WITH RECURSIVE k(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < ${n - 1})
		INSERT INTO contact (channel, address, address_key, created_ms)
		SELECT 'mail', 'osoba' || i || '@poczta.example', 'osoba' || i || '@poczta.example', 0 FROM k;
		INSERT INTO subscription (contact_id, commune_id, state, since_ms, proof)
		SELECT id, (SELECT id FROM commune WHERE name = 'Lędziny'), 'active', 0, 'karta'
		FROM contact WHERE address GLOB 'osoba*@poczta.example'; COMMIT`]);
}

const announcing = (house, n) => ['-c', house.conf, '--now', house.now, '--json',
	'meeting', 'announce', key, '--yes', String(n)];

// Kills the command that announces; true when it had ended.
async function killAnnouncing(house, people, ms) {
	const child = spawn(program, announcing(house, people), { stdio: 'ignore' });
	const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
	const timer = setTimeout(() => child.kill('SIGKILL'), ms);
	const { code, signal } = await ended;
	clearTimeout(timer);
	assert.ok(signal === 'SIGKILL' || code === 0, `the command ended with ${code}`);
	return code === 0;
}

function ledger(people, recorder, doubtful) {
	const figures = { people, mails: recorder.mails.length, 'left out': 0, repeats: 0,
		unlisted: 0, 'other Message-ID': 0 };
	const times = new Map();
	for (const mail of recorder.mails) {
		const ids = times.get(mail.to[0]) ?? new Map();
		ids.set(mail.id, (ids.get(mail.id) ?? 0) + 1);
		times.set(mail.to[0], ids);
	}
	for (let i = 0; i < people; i++) {
		const ids = times.get(`osoba${i}@poczta.example`) ?? new Map();
		figures['left out'] += ids.size === 0;
		figures['other Message-ID'] += ids.size > 1;
		for (const [id, n] of ids) {
			figures.repeats += n - 1;
			figures.unlisted += n > 1 && !doubtful.has(id.replace(/[<>]/g, ''));
		}
	}
	return figures;
}

export async function kill({ rounds, people, seed }) {
	const next = random(seed);
	const recorder = await new SmtpRecorder().start();
	const house = new House({ smtp: { url: `smtp://127.0.0.1:${recorder.port}`,
		connections: 2, on_unknown: 'resend' } });
	const doubtful = new Set();
	let daemon, announced = 0, sending = 0, worst = 0;
	try {
		house.poll();
		recorder.mails.length = 0;
		subscribe(house, people);
		for (let ended = false; !ended; announced += !ended) {
			// Later and later, so that it dies before, in and behind each step.
			const ms = announced >= rounds ? 600000 : 15 * 1.1 ** announced * (0.5 + next());
			ended = await killAnnouncing(house, people, ms);
			const [notice] = house.rows('notice', 'list');
			assert.ok(ended || !['sending', 'done'].includes(notice?.state) || notice.total === people,
				'all of it is visible, or nothing');
			ended ||= notice?.state === 'sending';
			if (!ended)
				house.poll();
			assert.ok(ended || recorder.mails.length === 0, 'what was not announced does not leave');
		}
		const notice = String(house.rows('notice', 'list')[0].id);
		const waiting = () => house.rows('notice', 'show', notice)[0].waiting;
		for (; sending < rounds && waiting() > 0; sending++) {
			const before = recorder.mails.length;
			daemon = new Daemon(house);
			await until('it sends', () => recorder.mails.length > before || daemon.child.exitCode !== null, 60000);
			await pause(next() * people / rounds / 8);
			assert.equal((await daemon.kill()).signal, 'SIGKILL', daemon.log.slice(-2000));
			const claimed = house.rows('outbox', 'list', '--state', 'claimed');
			claimed.forEach((row) => doubtful.add(row.message_id.replace(/[<>]/g, '')));
			worst = Math.max(worst, claimed.length);
			if (sending % 10 === 5 && waiting() > 0) {
				house.run('notice', 'pause', notice);
				const sent = recorder.mails.length;
				// Only what was in doubt goes, and that is no longer the notice's to hold.
				house.poll();
				assert.ok(recorder.mails.length - sent <= claimed.length, 'paused');
				house.run('notice', 'resume', notice);
			}
		}
		daemon = new Daemon(house);
		await until('nothing is owed', () => waiting() === 0, 300000);
		await daemon.stop();
		const [end] = house.rows('notice', 'show', notice);
		assert.deepEqual([end.total, end.sent, end.failed, end.unknown, end.cancelled], [people, people, 0, 0, 0]);
		return { 'kills of announcing': announced, 'kills of sending': sending,
			...ledger(people, recorder, doubtful), 'claimed at most': worst };
	} finally {
		daemon?.child.kill('SIGKILL');
		house.close();
		await recorder.close();
	}
}

export function check(figures) {
	for (const name of ['left out', 'unlisted', 'other Message-ID'])
		assert.equal(figures[name], 0, `${name}: ${JSON.stringify(figures)}`);
	assert.equal(figures.mails, figures.people + figures.repeats, JSON.stringify(figures));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const size = (name, usual) => Number(process.env[name] || usual);
	const seed = size('SEED', 20261128);
	const figures = await kill({ rounds: size('ROUNDS', 50), people: size('PEOPLE', 20000), seed });
	for (const [name, n] of Object.entries(figures))
		console.log(`${String(n).padStart(8)}  ${name}`);
	check(figures);
	console.log(`ok - killed ${figures['kills of announcing'] + figures['kills of sending']} times while many were told (seed ${seed})`);
}
