import { join, normalize } from 'node:path';
import fc from 'fast-check';
import { folderOf, nameOf, pathOf } from './file-layout.js';
import { BadObjectKey, checkKey, checkPrefix, compareKeys } from './object-key.js';

const segment = fc
  .string({ minLength: 1, maxLength: 12, unit: 'binary' })
  .filter((s) => !/[/\\\p{Cc}\p{Cs}]/u.test(s) && s !== '.' && s !== '..');
const goodKey = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

describe('a key', () => {
  it.each([
    '',
    '/',
    '/etc/passwd',
    'films/',
    'films//a',
    '.',
    '..',
    '../a',
    'films/../../etc/passwd',
    'films/..',
    './a',
    'a\0b',
    'a\nb',
    'a\u0085b',
    'a\\b',
    '..\\a',
    'half \ud83c',
    '\udfac half',
    'é'.repeat(41),
    `${'0123456789/'.repeat(50)}a`,
  ])('is refused when it is %j', (key) => {
    expect(() => checkKey(key)).toThrow(BadObjectKey);
  });

  it.each(['a', 'films/ab/0f3c.mp4', '故乡/第一章.mp4', '🎬', '...', '.hidden', '..a/b..', 'a b+c%2e%2e'])('may be %j', (key) => {
    expect(checkKey(key)).toBe(key);
  });

  it('cannot be made bad by anything around a bad part', () => {
    const bad = fc.constantFrom('..', '.', '', 'a\0', 'x\\y', '\ud800', 'z'.repeat(81));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 3 }), bad, fc.array(segment, { maxLength: 3 }), (before, part, after) => {
        expect(() => checkKey([...before, part, ...after].join('/'))).toThrow(BadObjectKey);
        expect(() => checkPrefix([...before, part, ...after, ''].join('/'))).toThrow(BadObjectKey);
      }),
    );
  });

  it('whatever it is, is either refused or stays inside the folder', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[./\\a%2eF\0]{1,12}$/)), (text) => {
        try {
          checkKey(text);
        } catch (error) {
          expect(error).toBeInstanceOf(BadObjectKey);
          return;
        }
        const path = join('/root/kept', pathOf(text));
        expect(path.startsWith('/root/kept/')).toBe(true);
        expect(normalize(path)).toBe(path);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the path of a key', () => {
  it('differs from that of any other key, on file systems that ignore case or normalise, too', () => {
    const alike = fc.array(fc.constantFrom('a', 'A', '\u00e9', 'e\u0301', 'E\u0301', '/a', '@', '%41', '.'), {
      minLength: 1,
      maxLength: 3,
    });
    const likeAnother = alike.map((parts) => `k${parts.join('')}`);
    fc.assert(
      fc.property(fc.oneof(goodKey, likeAnother), likeAnother, (a, b) => {
        fc.pre(a !== b);
        const [onDisk, other] = [a, b].map((key) => pathOf(key).normalize('NFC').toLowerCase());
        expect(onDisk).not.toBe(other);
        // Neither is a folder where the other is a file.
        expect(`${other}/`.startsWith(`${onDisk}/`)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('is made of names that every file system takes, and tells the key again', () => {
    fc.assert(
      fc.property(goodKey, (key) => {
        const names = pathOf(key).split('/');
        for (const name of names) {
          expect(name).toMatch(/^[@a-z0-9._%-]+$/);
          expect(name.length).toBeLessThanOrEqual(255);
        }
        const read = names.map((name, at) => nameOf({ name, isDirectory: () => at < names.length - 1 }));
        expect(read.join('')).toBe(key);
        expect(folderOf(key)).toBe(names.slice(0, -1).join('/'));
      }),
    );
  });

  it('orders keys by their UTF-8, as S3 does, where UTF-16 would not', () => {
    expect(['🎬', '\uffee', 'z'].toSorted(compareKeys)).toEqual(['z', '\uffee', '🎬']);
    expect(['🎬', '\uffee'].toSorted()).toEqual(['🎬', '\uffee']);
  });
});
