// clock_back - a clock that somebody sets keeps no mail waiting
import assert from 'node:assert/strict';

import { setClock, until } from './daemon.mjs';
import { eachOnce, person, story } from './smtp_story.mjs';

const noon = '2026-11-22T12:00:00+01:00', dayBefore = '2026-11-21T12:00:00+01:00',
	dayAfter = '2026-11-23T12:00:00+01:00';

for (const [where, there] of [['back', dayBefore], ['ahead', dayAfter]])
	story(`the clock is set ${where} by a day: the rate is that of the new one`, { smtp: { rate_per_minute: 7 } },
		async (house, server) => {
			house.come(20);
			await house.send();
			assert.equal(server.accepted.length, 7);
			const after = async (s, n) => {
				house.now = new Date(Date.parse(there) + s * 1000).toISOString();
				await house.send();
				assert.equal(server.accepted.length, n, `after ${s} s`);
			};
			await after(0, 14);
			await after(30, 14);
			await after(61, 20);
			eachOnce(house, server);
		});

story('the hour that autumn repeats is two for the rate', { smtp: { rate_per_minute: 5 } }, async (house, server) => {
	house.now = '2026-10-25T02:59:50+02:00';
	house.come(15);
	await house.send();
	assert.equal(server.accepted.length, 5);
	house.now = '2026-10-25T02:00:05+01:00'; // fifteen seconds later
	await house.send();
	assert.equal(server.accepted.length, 5);
	house.now = '2026-10-25T02:00:51+01:00';
	await house.send();
	assert.equal(server.accepted.length, 10);
});

story('what was owed and what was put off by the old clock leaves by the new one, while it runs', { server: { script: {
	rcpt: (s) => s.letter.to === person(1) && !late.over ? '450 4.2.0 come again' : undefined,
	mail: () => late.down ? '451 4.3.0 not now' : undefined } } }, async (house, server) => {
	late.over = false;
	late.down = false;
	setClock(house, noon);
	const daemon = house.start();
	house.come(1);
	await until('one is put off', () => house.states()[0] === 'deferred');
	late.down = true;
	house.come(3, (i) => person(i + 1));
	await until('three are stored', () => house.owed().length === 4);
	late.over = true;
	late.down = false;
	setClock(house, dayBefore);
	await until('all leave', () => house.states().every((s) => s === 'sent'), 40000);
	assert.match(daemon.log, /outbox due rows=\d why="the clock was put back"/);
	await daemon.stop();
	assert.equal(server.accepted.length, 4);
	eachOnce(house, server);
});

const late = {};
