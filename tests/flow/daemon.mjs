// daemon - a test in a house with its daemon, and a clock that it can move
//
// Place: tests of the running daemon; the house and the daemon are in house.mjs.
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Daemon, House } from './house.mjs';

export { until } from './house.mjs';

// A test in a house of its own; `body` gets it and what starts its daemon.
export function story(name, body, options) {
	test(name, async () => {
		const house = new House(options);
		let daemon;
		try {
			await body(house, (how) => daemon = new Daemon(house, how));
		} finally {
			daemon?.child.kill('SIGKILL');
			house.close();
		}
	});
}

// The clock of the house and of its daemon stands in a file, so that a test can
// move it while the daemon runs.
export function setClock(house, time) {
	const file = path.join(house.dir, 'clock');
	fs.writeFileSync(file + '.new', time);
	fs.renameSync(file + '.new', file);
	house.now = '@' + file;
}
