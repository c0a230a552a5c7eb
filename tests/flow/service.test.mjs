// service - what the service manager hears, and that the unit fits
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { story, until } from './daemon.mjs';
import { residentMail } from './house.mjs';

function compile(house, name, ...flags) {
	const out = path.join(house.dir, `${name}.out`);
	const made = spawnSync(process.env.CC || 'gcc', ['-O2', ...flags, '-o', out,
		`tests/flow/${name}.c`], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	return out;
}

// A manager that listens; `lines` is what it heard so far.
async function manage(house, body) {
	const socket = path.join(house.dir, 'notify');
	const file = path.join(house.dir, 'heard');
	const fd = fs.openSync(file, 'w');
	const manager = spawn(compile(house, 'manager'), [socket], { stdio: ['ignore', fd, 'inherit'] });
	fs.closeSync(fd);
	const lines = () => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
	try {
		await until('it listens', () => lines().includes('listening'));
		await body({ env: { NOTIFY_SOCKET: socket }, lines,
			count: (words) => lines().filter((line) => words.test(line)).length });
	} finally {
		manager.kill('SIGKILL');
	}
}

story('ready, alive, reloading with its time, ready again, stopping', (house, start) => manage(house, async (m) => {
	const daemon = start({ env: m.env });
	await until('ready', () => m.count(/^READY=1\|STATUS=reading 2 sources$/) === 1);
	await until('alive, and alive', () => m.count(/^WATCHDOG=1$/) >= 2);
	const good = fs.readFileSync(house.conf, 'utf8');
	fs.writeFileSync(house.conf, 'colour = "blue"\n' + good);
	const before = process.hrtime.bigint() / 1000n;
	daemon.child.kill('SIGHUP');
	await until('ready with the old one', () => m.count(/^READY=1/) === 2);
	const told = m.lines().find((line) => line.startsWith('RELOADING=1'));
	const at = BigInt(told.match(/^RELOADING=1\|MONOTONIC_USEC=(\d+)$/)[1]);
	assert.ok(at >= before && at <= process.hrtime.bigint() / 1000n, 'the time of the reload');
	assert.match(daemon.log, /kept the old configuration/);
	fs.writeFileSync(house.conf, good);
	daemon.child.kill('SIGHUP');
	await until('ready with the new one', () => m.count(/^READY=1/) === 3);
	assert.equal(m.count(/^RELOADING=1/), 2);
	assert.equal(m.count(/^STOPPING=1/), 0);
	await daemon.stop();
	await until('stopping', () => m.count(/^STOPPING=1\|STATUS=/) === 1);
}));

story('a thread that does not move is told, and the manager hears no more that all is well', (house, start) => manage(house, async (m) => {
	const stall = path.join(house.dir, 'stall');
	const daemon = start({ env: { ...m.env, WATCHDOG_USEC: '2000000',
		LD_PRELOAD: compile(house, 'disk', '-shared', '-fPIC'), UWAGA_DISK: house.dir,
		UWAGA_DISK_STALL: stall, ASAN_OPTIONS: 'verify_asan_link_order=0' } });
	await until('alive', () => m.count(/^WATCHDOG=1$/) >= 1);
	fs.writeFileSync(stall, '');
	house.mail(residentMail(1));
	await daemon.said(/daemon stuck thread="intake"/);
	const stuck = Date.now();
	let heard = m.count(/^WATCHDOG=1$/), since = stuck;
	await until('three seconds of silence', () => {
		const now = m.count(/^WATCHDOG=1$/);
		if (now !== heard)
			[heard, since] = [now, Date.now()];
		return Date.now() - since > 3000;
	});
	fs.rmSync(stall);
	await until('alive again', () => m.count(/^WATCHDOG=1$/) > heard);
	await until('the answer', () => fs.readdirSync(path.join(house.dir, 'out/new')).length === 1);
	await daemon.stop();
}));

test('the unit is one that systemd understands, and waits for what the daemon says', (t) => {
	const unit = fs.readFileSync('docs/uwaga.service', 'utf8');
	const value = (key) => unit.match(new RegExp(`^${key}=(.*)$`, 'm'))?.[1];
	assert.equal(value('Type'), 'notify');
	assert.equal(value('NotifyAccess'), 'main');
	assert.ok(Number(value('WatchdogSec')) > 0);
	assert.ok(Number(value('TimeoutStopSec')) > 10);
	if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
		t.diagnostic('systemd-analyze is not here: only the keys were read');
		return;
	}
	const dir = fs.mkdtempSync('/tmp/uwaga-unit-');
	try {
		const file = path.join(dir, 'uwaga.service');
		fs.writeFileSync(file, unit.replace('@PREFIX@/bin/uwaga', '/bin/true')
			.replace(/^(User|Group)=.*$/mg, '$1=root').replace(/^Documentation=.*$/m, ''));
		const said = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', file], { encoding: 'utf8' });
		assert.equal(said.stderr.split('\n').filter((line) => line.includes('uwaga.service')).join('\n'), '');
		assert.equal(said.status, 0, said.stderr);
	} finally {
		fs.rmSync(dir, { recursive: true });
	}
});
