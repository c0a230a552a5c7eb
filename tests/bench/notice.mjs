// notice - how fast a hundred thousand are told of a meeting
//
// Place: `make bench`.  `meeting announce` writes the rows while a daemon holds
// the database: its seconds, and how long another command waits meanwhile.
// Then they leave to Postfix's smtp-sink through one connection, beside
// Postfix's own smtp-source that sends mails of the same size again and again
// and keeps nothing; both ends on one processor, as in smtp.mjs.  What counts
// is the ratio, and the memory of the daemon and its helpers meanwhile.
//
// PEOPLE=100000 size
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

import { subscribe } from '../crash/notice.mjs';
import { House, program } from '../flow/house.mjs';
import { SmtpSink } from '../flow/servers.mjs';

const people = Number(process.env.PEOPLE || 100000);
const core = String(os.cpus().length - 1);
const say = (what, value, wanted = '') => console.log(what.padEnd(56), String(value).padStart(9), wanted);
const load = () => os.loadavg()[0].toFixed(1);

// Runs a program; answers { seconds, cpu, text } when it ended well.  `watch`
// is called with its process id now and then.
function timed(command, args, watch = () => {}) {
	const began = process.hrtime.bigint();
	const child = spawn('/usr/bin/env', ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$@"', '-', command, ...args],
		{ stdio: ['ignore', 'pipe', 'pipe'] });
	const out = ['', ''];
	child.stdout.on('data', (bytes) => out[0] += bytes);
	child.stderr.on('data', (bytes) => out[1] = (out[1] + bytes).slice(-4000));
	const timer = setInterval(() => watch(child.pid), 200);
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code) => {
			clearInterval(timer);
			if (code !== 0)
				return reject(new Error(`${command}: ${out[1]}`));
			const cpu = out[1].trim().split('\n').at(-1).split(' ').reduce((a, b) => a + Number(b), 0);
			resolve({ seconds: Number(process.hrtime.bigint() - began) / 1e9, cpu, text: out[0] });
		});
	});
}

// Proportional memory of a process and all it started, in MB.
function memory(pid) {
	const children = spawnSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).stdout.trim().split('\n')
		.map((line) => line.trim().split(/\s+/).map(Number));
	const family = new Set([pid]);
	for (let grew = true; grew;) {
		grew = false;
		for (const [child, parent] of children)
			if (family.has(parent) && !family.has(child))
				grew = Boolean(family.add(child));
	}
	let kb = 0;
	for (const one of family)
		try {
			if (fs.readlinkSync(`/proc/${one}/exe`).endsWith('/uwaga'))
				kb += Number(fs.readFileSync(`/proc/${one}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)[1]);
		} catch {
			// It ended meanwhile.
		}
	return kb / 1024;
}

const sink = await new SmtpSink({ keep: false, core: Number(core) }).start();
const house = new House({ smtp: { url: 'smtp://127.0.0.1:1', connections: 1 } });
subscribe(house, people);

let worst = 0, isOver = false;
const command = (...args) => ['-c', house.conf, '--now', house.now, ...args];
const others = (async () => {
	for (let n = 0; !isOver; n++) {
		const { seconds } = await timed(program, command('consultation', 'open', 'BL-7M4H'));
		worst = Math.max(worst, seconds);
	}
})();
const alone = await timed(program, command('consultation', 'open', 'BL-10KE'));
const announced = await timed(program, command('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--yes', String(people)));
isOver = true;
await others;
say(`announcing to ${people}, s (load ${load()})`, announced.seconds.toFixed(2), '(wanted: 3)');
say('its processor time, s', announced.cpu.toFixed(2));
say('longest that another command took meanwhile, s', worst.toFixed(2), `(wanted: 1; one at the start: ${alone.seconds.toFixed(2)})`);

// One mail of it, to know the size.
const small = new House();
small.poll();
const folder = `${small.dir}/out/new`, old = new Set(fs.readdirSync(folder));
subscribe(small, 1);
small.run('--json', 'meeting', 'announce', 's-10ke-ledziny-2', '--yes', '1');
small.poll();
const letters = fs.readdirSync(folder).filter((name) => !old.has(name));
assert.equal(letters.length, 1);
const bytes = fs.statSync(`${folder}/${letters[0]}`).size;
small.close();
fs.writeFileSync(house.conf, fs.readFileSync(house.conf, 'utf8').replace('smtp://127.0.0.1:1', `smtp://127.0.0.1:${sink.port}`));
const pin = ['-c', core];
const source = async (count, size) => count / (await timed('taskset', [...pin, '/usr/sbin/smtp-source', '-d', '-s', '1',
	'-l', String(size), '-m', String(count), `127.0.0.1:${sink.port}`])).seconds;
const count = Math.min(people, 20000);
const before = await source(count, bytes), short = await source(count, 2048);
let peak = 0, first = 0;
const ours = await timed('taskset', [...pin, program, ...command('run', '--once')], (pid) => {
	const now = memory(pid);
	first ||= now;
	peak = Math.max(peak, now);
});
const after = await source(count, bytes);
const [notice] = house.rows('notice', 'list');
assert.deepEqual([notice.state, notice.sent], ['done', people]);
const rate = people / ours.seconds, theirs = (before + after) / 2;
say(`smtp-source -l ${bytes}, mails/s (load ${load()})`, `${before.toFixed(0)} ${after.toFixed(0)}`);
say('smtp-source -l 2048, mails/s', short.toFixed(0));
say('notices with HTML and calendar, mails/s', rate.toFixed(0));
say('ratio to mails of that size', (rate / theirs).toFixed(2), '(wanted: 0.50)');
say('ratio to mails of 2 kB', (rate / short).toFixed(2));
say('processor time a mail, us', (ours.cpu / people * 1e6).toFixed(0));
say('memory at most, MB', peak.toFixed(1), `(wanted: 64; at first ${first.toFixed(1)})`);
house.close();
await sink.close();
