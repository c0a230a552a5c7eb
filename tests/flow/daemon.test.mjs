// daemon - the threads at work: what comes is served, signals are obeyed
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { story, until } from './daemon.mjs';
import { preload, residentMail as mail } from './house.mjs';

const letters = (house) => fs.readdirSync(path.join(house.dir, 'out/new')).length;

story('mail and texts that come while it runs are served at once', async (house, start) => {
	house.mail(mail(0));
	const daemon = start();
	await until('the first answer', () => letters(house) === 1);
	for (let i = 1; i <= 10; i++) {
		const began = Date.now();
		house.mail(mail(i));
		await until('the next answer', () => letters(house) === i + 1);
		assert.ok(Date.now() - began < 10000, 'long before the next poll');
	}
	house.text({ from: '+48110000301', text: 'BL-7M4H Prosimy o ławki.',
		at: '2026-11-22T10:00:00+01:00' });
	await until('the text', () =>
		house.rows('journal').some((r) => r.channel === 'sms' && r.fate === 'filed'));
	assert.match(daemon.log, /intake stored msg=1 /);
	await daemon.stop();
	assert.match(daemon.log, /daemon stopped/);
	assert.ok(!/poczta\.example|\+48110000301|Prosimy/.test(daemon.log),
		'no address, number or word of a resident in the log');
	assert.equal(house.rows('journal').length, 12);
	house.run('verify');
});

story('a flood goes through while commands get their turn', async (house, start) => {
	const n = 1000;
	for (let i = 0; i < n; i++)
		house.mail(mail(i));
	const daemon = start();
	await daemon.said(/intake stored/);
	let worst = 0, asked = 0;
	for (; daemon.log.split('intake stored').length <= n; asked++) {
		const began = Date.now();
		house.run('consultation', 'import', 'samples/context/consultations.json');
		worst = Math.max(worst, Date.now() - began);
	}
	assert.ok(asked > 0 && worst < 2000, `a command waited ${worst} ms`);
	await daemon.stop();
	assert.equal(house.rows('remark', 'list').length, n);
});

story('a second one on the same database is refused, with the first one named', async (house, start) => {
	const daemon = start();
	await daemon.said(/daemon started/);
	const other = path.join(house.dir, 'other.conf');
	fs.symlinkSync(path.join(house.dir, 'uwaga.db'), path.join(house.dir, 'other.db'));
	fs.writeFileSync(other, fs.readFileSync(house.conf, 'utf8').replace('/uwaga.db"', '/other.db"'));
	for (const args of [['run'], ['run', '--once'], ['-c', other, 'run', '--once']]) {
		const second = house.try(...args);
		assert.equal(second.status, 1);
		assert.match(second.stderr, new RegExp(String(daemon.child.pid)));
		assert.equal(second.stderr.trim().split('\n').length, 1);
	}
	await daemon.stop('SIGINT');
	house.poll();
});

story('a good configuration is taken over on SIGHUP, a bad one is not', async (house, start) => {
	const daemon = start();
	await daemon.said(/daemon started/);
	const original = fs.readFileSync(house.conf, 'utf8');
	fs.writeFileSync(house.conf, 'colour = "blue"\n' + original);
	daemon.child.kill('SIGHUP');
	await daemon.said(/kept the old configuration.*colour/);
	house.mail(mail(1));
	await until('an answer by the old one', () => letters(house) === 1);

	for (const sub of ['new', 'cur', 'tmp'])
		fs.mkdirSync(path.join(house.dir, 'second', sub), { recursive: true });
	fs.writeFileSync(house.conf, original +
		`\nmailbox "druga" { url = "maildir:${house.dir}/second" authserv_id = "mx.powiat.example" }\n`);
	daemon.child.kill('SIGHUP');
	await daemon.said(/daemon started.*sources=3/);
	fs.writeFileSync(path.join(house.dir, 'second/new/1.eml'), mail(2));
	await until('an answer by the new one', () => letters(house) === 2);
	await daemon.stop();
});

story('a folder that goes away and comes back is waited for', async (house, start) => {
	const daemon = start();
	await daemon.said(/daemon started/);
	const inbox = path.join(house.dir, 'maildir');
	fs.renameSync(inbox, inbox + '.away');
	fs.mkdirSync(inbox);
	fs.writeFileSync(path.join(inbox + '.away', 'new/1.eml'), mail(1));
	await daemon.said(/mailbox konsultacje failed/);
	fs.rmdirSync(inbox);
	fs.renameSync(inbox + '.away', inbox);
	await until('the answer', () => letters(house) === 1);
	await daemon.stop();
});

for (const [when, n] of [['while it stores', 20], ['while it is idle', 0]])
	story(`told to stop ${when} and nothing reaches the disk, it ends within ten seconds, and nothing is lost`,
		async (house, start) => {
			const stall = path.join(house.dir, 'stall');
			const env = { LD_PRELOAD: preload(house.dir, 'disk'), UWAGA_DISK: `${house.dir}/uwaga.db`,
				UWAGA_DISK_STALL: stall, ASAN_OPTIONS: 'verify_asan_link_order=0', WATCHDOG_USEC: '2000000' };
			let daemon = start({ env });
			await daemon.said(/daemon started/);
			await until('a good poll', () => house.rows('stats')[0].last_polls['mailbox konsultacje']);
			fs.writeFileSync(stall, '');
			for (let i = 0; i < n; i++)
				house.mail(mail(i));
			if (n > 0)
				await daemon.said(/daemon stuck thread="intake"/);
			const began = Date.now();
			daemon.child.kill('SIGTERM');
			await until('the end', () => daemon.child.exitCode !== null);
			assert.ok(Date.now() - began < 10000, `${Date.now() - began} ms`);
			fs.rmSync(stall);
			daemon = start();
			await until('it is started', () => daemon.log.split('daemon started').length === 3);
			await until('all answers', () => letters(house) === n);
			await until('all noted', () => house.rows('outbox', 'list').filter((r) => /osoba/.test(r.to))
				.every((r) => r.state === 'sent'));
			await daemon.stop();
			assert.equal(house.rows('remark', 'list').length, n);
		});
