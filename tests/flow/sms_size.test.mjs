// sms-size counts as an independent counter does, on random texts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import test from 'node:test';

const uwaga = process.env.UWAGA ?? 'build/uwaga';
const { SegmentedMessage } =
	createRequire(import.meta.url)('sms-segments-calculator');

// A small generator with a fixed seed, so that a failure comes again.
function generator(seed) {
	let state = seed >>> 0;

	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

const plain = [...'abcdefghijklmnopqrstuvwxyz ABCDEF 0123456789.,-:?!()\n'];
const alphabets = [
	plain,
	[...plain, ...'@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\r'],
	[...'^{}\\[~]|€\f', ...plain],
	[...plain, ...'ąćęłńóśźżĄĆĘŁŃÓŚŹŻ„”’–—…\u00a0\t`'],
	[...plain, ...'😀🎉🚌❤👍🇵🇱', 'e\u0301', 'o\u0328', '\r\n', '\ufe0f'],
];

function texts(count) {
	const random = generator(20261122);
	const all = ['', '\r\n', '€'.repeat(80), '€'.repeat(81),
		'a'.repeat(152) + '€' + 'a'.repeat(153),
		'a'.repeat(66) + '😀' + 'ą'.repeat(66)];

	for (const n of [160, 161, 306, 307])
		all.push('x'.repeat(n));
	for (const n of [70, 71, 134, 135])
		all.push('ł'.repeat(n));
	while (all.length < count) {
		const alphabet = alphabets[random(alphabets.length)];
		const length = random(500);
		let text = '';

		for (let i = 0; i < length; i++)
			text += alphabet[random(alphabet.length)];
		all.push(text);
	}
	return all;
}

function theirs(text) {
	const m = new SegmentedMessage(text);
	const ucs2 = m.encodingName === 'UCS-2';

	return {
		encoding: ucs2 ? 'ucs2' : 'gsm7',
		units: m.messageSize / (ucs2 ? 16 : 7),
		segments: m.segmentsCount,
	};
}

test('2,000 random texts cost what sms-segments-calculator says', () => {
	const all = texts(Number(process.env.TEXTS || 2000));
	const run = spawnSync(uwaga, ['sms-size', '-'], {
		input: all.map((text) => JSON.stringify(text) + '\n').join(''),
		encoding: 'utf8',
		maxBuffer: 1 << 26,
	});

	assert.equal(run.status, 0, run.stderr);
	const ours = run.stdout.trimEnd().split('\n');

	assert.equal(ours.length, all.length);
	all.forEach((text, i) => assert.deepEqual(
		JSON.parse(ours[i]), theirs(text), JSON.stringify(text)));
});

test('a text on the command line is counted alike', () => {
	const run = spawnSync(uwaga, ['sms-size', 'Zażółć'],
		{ encoding: 'utf8' });

	assert.deepEqual(JSON.parse(run.stdout),
		{ encoding: 'ucs2', units: 6, segments: 1 });
});

test('what is no JSON string is refused with its line', () => {
	const run = spawnSync(uwaga, ['sms-size', '-'],
		{ input: '"ok"\n12\n', encoding: 'utf8' });

	assert.equal(run.status, 1);
	assert.match(run.stderr, /line 2/);
	assert.equal(run.stdout.trimEnd().split('\n').length, 1);
});
