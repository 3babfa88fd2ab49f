import fc from 'fast-check';
import { contentDisposition, downloadName } from './content-disposition.js';

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

  it.each([
    [['The Lamplighter', 'I. The Third Window'], 'The Lamplighter – I. The Third Window.mp4'],
    [['故乡', '第一章：归'], '故乡 – 第一章：归.mp4'],
    [['a/b\\c', '"x": <y>?*|'], 'a_b_c – "x"_ _y____.mp4'],
    [['..hidden', 'a\r\nSet-Cookie: x=1'], 'hidden – aSet-Cookie_ x=1.mp4'],
    [['\0', ''], 'untitled.mp4'],
    [['字'.repeat(200), 'x'.repeat(200)], `${'字'.repeat(36)} – ${'x'.repeat(110)}.mp4`],
  ])('a download of %j is called %s', (titles, expected) => {
    expect(downloadName(titles, 'mp4')).toBe(expected);
    expect(contentDisposition('inline', downloadName(titles, 'mp4'))).toContain('.mp4"');
  });

  it('a download has a name that file systems take, and keeps its extension', () => {
    const title = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(title, title, (work, chapter) => {
        const name = downloadName([work, chapter], 'mp4');
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name).toMatch(/^[^.\s/\\\p{Cc}][^/\\\p{Cc}]*\.mp4$/u);
        expect(contentDisposition('attachment', name)).toMatch(/\.mp4("|$)/);
      }),
    );
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
