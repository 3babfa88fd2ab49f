import fc from 'fast-check';
import { contentDisposition } from './content-disposition.js';

describe('Content-Disposition', () => {
  it.each([
    ['film.mp4', 'attachment; filename="film.mp4"'],
    ['My film 1.mp4', 'attachment; filename="My film 1.mp4"'],
    ['故乡.mp4', `attachment; filename="__.mp4"; filename*=UTF-8''%E6%95%85%E4%B9%A1.mp4`],
    ['100%.mp4', `attachment; filename="100_.mp4"; filename*=UTF-8''100%25.mp4`],
    [`it's (1).mp4`, `attachment; filename="it's (1).mp4"`],
    ['“it’s” (1)*.mp4', `attachment; filename="_it_s_ (1)_.mp4"; filename*=UTF-8''%E2%80%9Cit%E2%80%99s%E2%80%9D%20%281%29_.mp4`],
    ['../../etc/passwd', 'attachment; filename=".._.._etc_passwd"'],
    ['a"; filename="b.exe', `attachment; filename="a_; filename=_b.exe"; filename*=UTF-8''a%22%3B%20filename%3D%22b.exe`],
    ['a\r\nSet-Cookie: x=1', 'attachment; filename="aSet-Cookie_ x=1"'],
    ['film\u202e4pm.exe', 'attachment; filename="film4pm.exe"'],
    ['half \ud83c', `attachment; filename="half _"; filename*=UTF-8''half%20%EF%BF%BD`],
    ['\0', 'attachment'],
    ['', 'attachment'],
  ])('for %j is %s', (name, expected) => {
    expect(contentDisposition('attachment', name)).toBe(expected);
  });

  it('is one safe header line for any name, and the name can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        const header = contentDisposition('inline', name);
        expect(header).toMatch(/^inline(; filename="[ !#$&-[\]-~]*"(; filename\*=UTF-8''[\w!#$&+.^`|~%-]+)?)?$/);
        const extended = /filename\*=UTF-8''(.+)$/.exec(header)?.[1];
        if (extended !== undefined) expect(decodeURIComponent(extended)).not.toMatch(/[/\\\p{Cc}]/u);
      }),
    );
  });
});
