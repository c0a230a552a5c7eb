// texts - how fast texts get from a provider into the database
//
// Place: `make bench`.  10,000 texts wait at the stand-in of tests/flow; one
// `run --once` polls, stores and files them, with the confirmations they are
// owed.  Measured is the way in: the answers are kept back by a provider that is
// closed.  Beside the clock, which others on the machine slow down, stands the
// processor time of the gateway.
//
// usage: node tests/bench/texts.mjs [PROVIDER]
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

import { House, program } from '../flow/house.mjs';
import { connect, stubs } from '../flow/providers.mjs';
import { Authority } from '../flow/servers.mjs';

const n = Number(process.env.TEXTS || 10000);

// Runs the gateway once; { status, stderr, cpu }, the last in seconds.
function timed(house) {
	const child = spawn('sh', ['-c', '"$@"; rc=$?; times >&2; exit $rc', 'sh', program,
		'-c', house.conf, '--now', house.now, 'run', '--once'],
	{ stdio: ['ignore', 'ignore', 'pipe'] });
	let stderr = '';
	child.stderr.on('data', (bytes) => stderr += bytes);
	return new Promise((resolve) => child.on('close', (status) => {
		const cpu = [...stderr.trim().split('\n').at(-1).matchAll(/(\d+)m([\d.]+)s/g)]
			.reduce((sum, [, m, s]) => sum + 60 * m + Number(s), 0);
		resolve({ status, stderr, cpu });
	}));
}

const authority = new Authority();
for (const Kind of stubs.filter((K) => new K().name.includes(process.argv[2] ?? ''))) {
	const house = new House({ extra: 'replies_per_hour = 1000000' });
	const stub = await new Kind({ cert: authority.good }).start();
	connect(house, stub);
	for (let i = 0; i < n; i++)
		stub.receive({ from: `+48110${String(i).padStart(6, '0')}`,
			text: `BL-7M4H Prosimy o autobus z Bierunia do Lędzin o godzinie ${i % 24}, kurs ${i}.`,
			at: new Date(Date.parse('2026-11-22T06:00:00Z') + i * 1000).toISOString() });
	stub.fault('send', { status: 503, headers: { 'Retry-After': '3600' } }, 1e9);
	const before = process.cpuUsage();
	const done = await timed(house);
	const ours = process.cpuUsage(before);
	// The last page is only asked for when all before it are on disk.
	const seconds = (stub.times.poll[1] - stub.times.poll[0]) / 1000;
	assert.equal(done.status, 0, done.stderr);
	const [stats] = house.rows('stats');
	assert.equal(stats.fates.filed, n);
	console.log(`${stub.name}: ${n} texts polled, stored and filed in ${seconds.toFixed(2)} s: ` +
		`${Math.round(n / seconds)}/s, ${stub.count('poll')} requests; ` +
		`${(done.cpu * 1e6 / n).toFixed(0)} us of processor time a text, ` +
		`${((ours.user + ours.system) / n).toFixed(0)} us the stand-in's`);
	await stub.close();
	house.close();
}
authority.close();
