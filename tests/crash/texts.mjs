// texts - killed at random moments between a provider of texts and the database
//
// Place: `make crash`, and a few rounds of it in `make test`.  In each round
// texts arrive, the gateway polls and answers, and is killed with SIGKILL at a
// random moment (seeded).  In the end every text is filed once and answered once:
// what was in doubt was looked up by our reference before it was sent again.
//
// A provider that gives a text only once gives nobody a way to know whether it
// arrived: what was on its way into a gateway that was killed just then is gone.
// It is counted; what had reached the disk must not be missing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { House, program, random, until } from '../flow/house.mjs';
import { Modem } from '../flow/modem.mjs';
import { Phone } from '../flow/phone.mjs';
import { connect, poll, stubs } from '../flow/providers.mjs';
import { Authority } from '../flow/servers.mjs';
import { GammuSpooler, Spooler } from '../flow/spooler.mjs';

export const kinds = [...stubs, Spooler, GammuSpooler];

// The real smsd, with a modem of ours behind it.
class RealSmsd {
	name = 'smsd itself';

	async start() {
		return this;
	}

	connect(house) {
		fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace(
			/provider = "gammu" url = "[^"]*"/,
			`provider = "smstools" url = "spool:${path.join(house.dir, 'smsd')}"`));
		this.modem = new Modem(house);
		return this.modem.start();
	}

	get sent() { // each of our answers fits into one part
		return this.modem.sent.map((pdu) => ({ text: pdu }));
	}

	receive(text) {
		this.modem.receive(text);
	}

	// Something is there to be killed at.
	ready() {
		return until('a text that is whole', () => this.modem.files('incoming').some((f) =>
			Date.now() - fs.statSync(path.join(this.modem.spool, 'incoming', f)).mtimeMs > 2100));
	}

	async settled(n) {
		await this.modem.until(`${n} texts from the modem`, () => this.modem.sim.every((s) => !s));
	}

	async gone(n) {
		await this.modem.until(`${n} answers on the air`, () => this.modem.files('sent').length >= n);
	}

	count() {
		return 0;
	}

	close() {
		return this.modem.stop();
	}
}

// The real gammu-smsd, with the dummy phone it comes with.
class RealGammu {
	name = 'gammu-smsd itself';

	async start() {
		return this;
	}

	connect(house) {
		this.phone = new Phone(house);
	}

	get sent() {
		return this.phone.files('sent').map((f) => ({
			text: fs.readFileSync(path.join(this.phone.spool, 'sent', f), 'latin1') }));
	}

	receive(text) {
		this.phone.receive(text);
	}

	ready() {
		return until('a text in the inbox', () => this.phone.files('inbox').length > 0);
	}

	settled(n) {
		return this.phone.until(`${n} texts from the phone`);
	}

	gone(n) { // it sends one a second
		return until(`${n} answers on the air`, () => this.phone.files('sent').length >= n,
			20000 + 3000 * n);
	}

	count() {
		return 0;
	}

	close() {
		return this.phone.stop();
	}
}

// What had come into the folder of answers when the gateway was killed.
function onDisk(house, safe) {
	const dir = path.join(house.dir, 'answers-bramka');
	for (const file of fs.existsSync(dir) ? fs.readdirSync(dir) : [])
		for (const [, n] of fs.readFileSync(path.join(dir, file), 'utf8').matchAll(/kurs numer (\d+)\.".*?}/g))
			safe.add(Number(n));
}

// Kills once at each of `rounds` moments; answers what was seen.
export async function kill(Kind, rounds, seed, cert) {
	const house = new House({ extra: 'replies_per_hour = 100000' });
	const stub = await new Kind({ cert }).start();
	const next = random(seed), safe = new Set(), texts = 2 * rounds;
	let kills = 0, longest = 220; // milliseconds that a run takes, as far as is known
	const later = (minutes) => {
		house.now = new Date(Date.parse(house.now) + minutes * 60000).toISOString();
		stub.now = Date.parse(house.now);
	};
	try {
		await (stub.connect ? stub.connect(house) : connect(house, stub));
		stub.now = Date.parse(house.now);
		await poll(house); // the first contact
		for (let i = 0; i < rounds; i++) {
			for (let k = 0; k < 2; k++)
				stub.receive({ from: `+48110${String(2 * i + k).padStart(6, '0')}`,
					text: `BL-7M4H Prosimy o kurs numer ${2 * i + k}.`,
					at: new Date(Date.parse(house.now) - 1000).toISOString() });
			await stub.ready?.();
			const began = performance.now();
			const child = spawn(program, ['-c', house.conf, '--now', house.now, 'run', '--once'],
				{ stdio: 'ignore' });
			const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal)));
			const timer = setTimeout(() => child.kill('SIGKILL'), next() * longest);
			if (await ended === 'SIGKILL')
				kills++;
			else // it had ended by then
				longest = Math.min(longest, performance.now() - began);
			clearTimeout(timer);
			onDisk(house, safe);
			later(1);
		}
		await stub.settled?.(texts);
		for (let i = 0; i < 6; i++) {
			const done = await poll(house);
			assert.equal(done.status, 0, done.stderr);
			later(30);
		}
		const remarks = house.rows('remark', 'list').map((r) => r.text);
		const owed = house.rows('outbox', 'list').filter((r) => r.channel === 'sms');
		const missing = Array.from({ length: texts }, (_, n) => n)
			.filter((n) => !remarks.includes(`Prosimy o kurs numer ${n}.`));
		if (stub.name !== 'infobip')
			assert.deepEqual(missing, [], 'nothing is lost');
		assert.deepEqual(missing.filter((n) => safe.has(n)), [], 'nothing that had come is lost');
		assert.equal(new Set(remarks).size, remarks.length, 'nothing is filed twice');
		assert.deepEqual(owed.filter((r) => r.state !== 'sent'), [], 'all of them answered');
		assert.equal(owed.length, remarks.length);
		await stub.gone?.(owed.length);
		assert.equal(stub.sent.length, remarks.length, 'and none twice');
		assert.equal(new Set(stub.sent.map((s) => s.text)).size, remarks.length);
		assert.equal(owed.filter((r) => r.doubts > 0).length, 0, 'nothing is left in doubt');
		return { kills, looked: stub.count('find'), missing: missing.length, texts };
	} finally {
		await stub.close();
		house.close();
	}
}

if (process.argv[1].endsWith('texts.mjs')) {
	const authority = new Authority();
	const rounds = Number(process.env.ROUNDS || 200), seed = Number(process.env.SEED || 20261122);
	const only = process.argv[2] ?? '';
	for (const Kind of [...kinds, RealSmsd, RealGammu]) {
		const name = new Kind().name, n = name.endsWith('itself') ? Math.ceil(rounds / 8) : rounds;
		if (!name.includes(only))
			continue;
		const { kills, looked, missing, texts } = await kill(Kind, n, seed, authority.good);
		console.log(`${name}: killed ${kills} times of ${n}, looked up ${looked} times: ` +
			`nothing filed or sent twice, ${missing === 0 ? 'nothing lost'
				: `${missing} of ${texts} texts gone on their way, as it gives them only once`}`);
	}
	authority.close();
}
