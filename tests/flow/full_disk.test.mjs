// full_disk - what is known when nothing can be written is not forgotten
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, House, preload, residentMail, until } from './house.mjs';
import { SmtpRecorder } from './servers.mjs';

test('what was sent while the disk was full is noted once there is room, and not sent again', async () => {
	const recorder = await new SmtpRecorder().start();
	const house = new House({ smtp: { url: `smtp://127.0.0.1:${recorder.port}` } });
	const full = path.join(house.dir, 'full');
	let daemon;
	try {
		recorder.before = (mail) => {
			if (recorder.mails.length === 5)
				fs.writeFileSync(full, '');
		};
		for (let i = 0; i < 20; i++)
			house.mail(residentMail(i));
		daemon = new Daemon(house, { env: { LD_PRELOAD: preload(house.dir, 'disk'),
			UWAGA_DISK: `${house.dir}/uwaga.db`, UWAGA_DISK_FULL: full,
			ASAN_OPTIONS: 'verify_asan_link_order=0' } });
		await daemon.said(/disk.*full/);
		fs.rmSync(full);
		const state = (name) => house.rows('outbox', 'list', '--state', name);
		await until('all are noted as sent', () => state('sent').length >= 20 &&
			['queued', 'claimed', 'deferred', 'unknown'].every((name) => state(name).length === 0), 60000);
		await daemon.stop();
		assert.equal(recorder.mails.length, 20);
		assert.equal(new Set(recorder.mails.map((m) => m.id)).size, 20);
	} finally {
		daemon?.child.kill('SIGKILL');
		await recorder.close();
		house.close();
	}
});
