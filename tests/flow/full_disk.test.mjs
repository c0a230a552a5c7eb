// full_disk - what is known when nothing can be written is not forgotten
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, House, preload, program, residentMail, until } from './house.mjs';
import { SmtpRecorder } from './servers.mjs';

// A house behind a recorder whose disk is full from the mail after the fifth on.
function story(name, body) {
	test(name, async () => {
		const recorder = await new SmtpRecorder().start();
		const house = new House({ smtp: { url: `smtp://127.0.0.1:${recorder.port}` } });
		const full = path.join(house.dir, 'full');
		const env = { LD_PRELOAD: preload(house.dir, 'disk'), UWAGA_DISK: `${house.dir}/uwaga.db`,
			UWAGA_DISK_FULL: full, ASAN_OPTIONS: 'verify_asan_link_order=0' };
		try {
			recorder.before = () => {
				if (recorder.mails.length === 5)
					fs.writeFileSync(full, '');
			};
			for (let i = 0; i < 20; i++)
				house.mail(residentMail(i));
			await body({ house, recorder, full, env });
		} finally {
			await recorder.close();
			house.close();
		}
	});
}

const state = (house, name) => house.rows('outbox', 'list', '--state', name);

story('what was sent while the disk was full is noted once there is room, and not sent again',
	async ({ house, recorder, full, env }) => {
		const daemon = new Daemon(house, { env });
		try {
			await daemon.said(/disk.*full/);
			fs.rmSync(full);
			await until('all are noted as sent', () => state(house, 'sent').length >= 20 &&
				['queued', 'claimed', 'deferred', 'unknown'].every((name) => state(house, name).length === 0), 60000);
			await daemon.stop();
			assert.equal(recorder.mails.length, 20);
			assert.equal(new Set(recorder.mails.map((m) => m.id)).size, 20);
		} finally {
			daemon.child.kill('SIGKILL');
		}
	});

story('while it is full the daemon waits: not stuck, and not a line each second', async ({ house, full, env }) => {
	const daemon = new Daemon(house, { env: { ...env, WATCHDOG_USEC: '2000000' } });
	try {
		const lines = () => daemon.log.split('outbox not settled').length - 1;
		const began = Date.now();
		await until('it waits longer each time', () => lines() >= 4);
		assert.ok(Date.now() - began > 5000);
		assert.ok(!/stuck thread="outbox/.test(daemon.log), daemon.log);
		fs.rmSync(full);
		await until('all are noted as sent', () => state(house, 'sent').length >= 20, 60000);
		await daemon.stop();
	} finally {
		daemon.child.kill('SIGKILL');
	}
});

story('told to stop while it is full, it ends, and the next start sends again only what is in doubt',
	async ({ house, recorder, full, env }) => {
		let daemon = new Daemon(house, { env });
		try {
			await daemon.said(/outbox not settled/);
			await daemon.stop(); // within ten seconds
			const sent = recorder.mails.length;
			assert.equal(sent, 20);
			fs.rmSync(full);
			daemon = new Daemon(house, { env });
			await until('all are noted as sent', () => state(house, 'sent').length >= 20, 60000);
			await daemon.stop();
			assert.equal(new Set(recorder.mails.map((m) => m.id)).size, 20);
			const doubtful = house.rows('outbox', 'list').filter((r) => r.doubts > 0);
			assert.equal(recorder.mails.length - sent, doubtful.length);
		} finally {
			daemon.child.kill('SIGKILL');
		}
	});

story('a disk that is low when it starts: nothing is fetched before that is known', async ({ house, env }) => {
	const free = path.join(house.dir, 'free');
	fs.writeFileSync(free, '100');
	const daemon = new Daemon(house, { env: { ...env, UWAGA_DISK: house.dir, UWAGA_DISK_FREE: free } });
	try {
		await daemon.said(/daemon disk low/);
		fs.writeFileSync(free + '.new', '1000');
		fs.renameSync(free + '.new', free);
		await daemon.said(/daemon disk has room again/);
		await daemon.said(/intake stored/);
		assert.ok(daemon.log.indexOf('has room again') < daemon.log.indexOf('intake stored'));
	} finally {
		daemon.child.kill('SIGKILL');
	}
});

story('run --once does not wait for ever, says what to do, and the next one sends with the same Message-ID',
	async ({ house, recorder, full, env }) => {
		const child = spawn(program, ['-c', house.conf, '--now', house.now, 'run', '--once'],
			{ env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
		let said = '';
		child.stderr.on('data', (bytes) => said += bytes);
		const ended = new Promise((resolve) => child.on('close', resolve));
		await until('it ends', () => child.exitCode !== null, 60000);
		assert.equal(await ended, 1);
		assert.match(said.trim().split('\n').at(-1), /^uwaga: the disk with .* is full.*free some space/);
		fs.rmSync(full);
		house.now = '2026-11-22T14:00:00+01:00';
		const again = await house.later('run', '--once');
		assert.equal(again.status, 0, again.stderr);
		const rows = house.rows('outbox', 'list').filter((r) => /^osoba/.test(r.to));
		assert.equal(rows.length, 20);
		const times = new Map();
		for (const { id } of recorder.mails)
			times.set(id, (times.get(id) || 0) + 1);
		assert.equal(times.size, 20);
		for (const row of rows) {
			assert.equal(row.state, 'sent');
			assert.ok(times.get(`<${row.message_id}>`) <= 1 + row.doubts);
		}
	});
