// import - how fast a list of a hundred thousand people is imported
//
// Place: `make bench`.  The same list a second time is what finishes an import
// that was killed; meanwhile other commands that write want their turn.
//
// PEOPLE=100000 size
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { House } from '../flow/house.mjs';

const people = Number(process.env.PEOPLE || 100000);
const known = ['--source', 'karta', '--consent', '2026-11-01'];
const say = (what, value, wanted = '') => console.log(what.padEnd(56), String(value).padStart(9), wanted);
const house = new House();
const file = path.join(house.dir, 'lista.csv');
fs.writeFileSync(file, 'e-mail;telefon;nazwa;gmina\n' + Array.from({ length: people }, (_, i) =>
	`o${i}@poczta.example;${i % 2 ? '11' + String(i).padStart(7, '0') : ''};Osoba ${i};Imielin\n`).join(''));

// Seconds that a command takes, and what it says.
async function timed(...args) {
	const began = process.hrtime.bigint();
	const result = await house.later(...args);
	assert.equal(result.status, 0, result.stderr);
	return { seconds: Number(process.hrtime.bigint() - began) / 1e9, text: result.stdout };
}

try {
	const dry = await timed('person', 'import', file, '--dry-run', ...known);
	let over = false, longest = 0, n = 0;
	const importing = timed('person', 'import', file, ...known).finally(() => {
		over = true;
	});
	while (!over) {
		const one = await timed('subscription', 'add', `x${++n}@poczta.example`, '--commune', 'Bieruń', ...known);
		longest = Math.max(longest, one.seconds);
	}
	const { seconds } = await importing;
	const again = await timed('--json', 'person', 'import', file, ...known);
	assert.equal(JSON.parse(again.text).known, people + Math.floor(people / 2));
	say(`people; load ${os.loadavg()[0].toFixed(1)}`, people);
	say('seconds of the dry run', dry.seconds.toFixed(2));
	say('seconds of the import', seconds.toFixed(2), 'wanted: 60 at most');
	say('seconds of the same list again', again.seconds.toFixed(2));
	say(`longest of ${n} other commands meanwhile, seconds`, longest.toFixed(2), 'wanted: 1 at most');
} finally {
	house.close();
}
