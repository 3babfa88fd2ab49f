import fc from 'fast-check';
import { readEtagList } from './etag-list.js';

const strong = (tag: string) => ({ isWeak: false, tag });
const weak = (tag: string) => ({ isWeak: true, tag });

describe('a list of entity tags', () => {
  it.each([
    ['*', '*'],
    [' * ', '*'],
    ['"3"', [strong('"3"')]],
    ['W/"3"', [weak('"3"')]],
    ['"3", W/"4","5"', [strong('"3"'), weak('"4"'), strong('"5"')]],
    [', "3" ,, "4" ,', [strong('"3"'), strong('"4"')]],
    ['"a,b"', [strong('"a,b"')]],
    ['""', [strong('""')]],
    ['"W/"', [strong('"W/"')]],
    ['', undefined],
    [',', undefined],
    ['3', undefined],
    ['"3', undefined],
    ['"3" "4"', undefined],
    ['w/"3"', undefined],
    ['"3", *', undefined],
  ])('%j is read as %j', (header, expected) => {
    expect(readEtagList(header)).toEqual(expected);
  });

  it('is read back as it was written', () => {
    const tag = fc.record({ isWeak: fc.boolean(), tag: fc.string().map((text) => `"${text.replaceAll('"', '')}"`) });
    const separator = fc.constantFrom(',', ', ', ' ,, ', '\t,');
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), separator, (tags, by) => {
        const header = tags.map(({ isWeak, tag: text }) => (isWeak ? 'W/' : '') + text).join(by);
        expect(readEtagList(header)).toEqual(tags);
      }),
    );
  });
});
