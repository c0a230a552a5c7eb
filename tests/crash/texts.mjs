// texts - killed at random moments between a provider of texts and the database
//
// Place: `make crash`, and a few rounds of it in `make test`.  In each round
// texts arrive, the gateway polls and answers, and is killed with SIGKILL at a
// random moment (seeded).  In the end every text is filed once and answered once:
// what was in doubt was looked up by our reference before it was sent again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

import { House, program, random } from '../flow/house.mjs';
import { connect, poll, stubs } from '../flow/providers.mjs';
import { Authority } from '../flow/servers.mjs';

// Kills once at each of `rounds` moments; answers what was seen.
export async function kill(Kind, rounds, seed, cert) {
	const house = new House({ extra: 'replies_per_hour = 100000' });
	const stub = await new Kind({ cert }).start();
	const next = random(seed);
	let kills = 0;
	try {
		connect(house, stub);
		stub.now = Date.parse(house.now);
		await poll(house); // the first contact
		for (let i = 0; i < rounds; i++) {
			for (let k = 0; k < 2; k++)
				stub.receive({ from: `+48110${String(2 * i + k).padStart(6, '0')}`,
					text: `BL-7M4H Prosimy o kurs numer ${2 * i + k}.`,
					at: new Date(Date.parse(house.now) - 1000).toISOString() });
			const child = spawn(program, ['-c', house.conf, '--now', house.now, 'run', '--once'],
				{ stdio: 'ignore' });
			const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal)));
			const timer = setTimeout(() => child.kill('SIGKILL'), next() * 220);
			kills += await ended === 'SIGKILL' ? 1 : 0;
			clearTimeout(timer);
			house.now = new Date(Date.parse(house.now) + 60000).toISOString();
			stub.now = Date.parse(house.now);
		}
		for (let i = 0; i < 6; i++) {
			const done = await poll(house);
			assert.equal(done.status, 0, done.stderr);
			house.now = new Date(Date.parse(house.now) + 30 * 60000).toISOString();
			stub.now = Date.parse(house.now);
		}
		const remarks = house.rows('remark', 'list').map((r) => r.text);
		const owed = house.rows('outbox', 'list').filter((r) => r.channel === 'sms');
		assert.equal(remarks.length, 2 * rounds, 'nothing lost, nothing filed twice');
		assert.equal(new Set(remarks).size, 2 * rounds);
		assert.deepEqual(owed.filter((r) => r.state !== 'sent'), [], 'all of them answered');
		assert.equal(owed.length, 2 * rounds);
		assert.equal(stub.sent.length, 2 * rounds, 'and none twice');
		assert.equal(new Set(stub.sent.map((s) => s.text)).size, 2 * rounds);
		assert.equal(owed.filter((r) => r.doubts > 0).length, 0, 'nothing is left in doubt');
		return { kills, looked: stub.count('find') };
	} finally {
		await stub.close();
		house.close();
	}
}

if (process.argv[1].endsWith('texts.mjs')) {
	const authority = new Authority();
	const rounds = Number(process.env.ROUNDS || 200), seed = Number(process.env.SEED || 20261122);
	for (const Kind of stubs) {
		const { kills, looked } = await kill(Kind, rounds, seed, authority.good);
		console.log(`${new Kind().name}: killed ${kills} times of ${rounds}, ` +
			`looked up ${looked} times: nothing lost, nothing filed or sent twice`);
	}
	authority.close();
}
