import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearUnused, picturesFolder } from './unused.js';

describe('What lies about on a disk', () => {
  let home: string;
  const file = async (folder: string, name: string, hours: number): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), 'x');
    const at = new Date(Date.now() - hours * 3_600_000);
    await utimes(join(folder, name), at, at);
  };
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'inkreel-unused-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it('goes when it is a picture that no scene has used for a week', async () => {
    await file(picturesFolder(home), 'unused.yuv', 8 * 24);
    await file(picturesFolder(home), 'used.yuv', 24);
    expect(await clearUnused(home)).toBe(1);
    expect(await readdir(picturesFolder(home))).toEqual(['used.yuv']);
  });

  it('goes when it is half an answer; a whole one is kept, however old', async () => {
    const speech = join(home, 'studio', 'speech');
    await file(speech, '.half', 2);
    await file(speech, 'key.24000', 1_000);
    expect(await clearUnused(home)).toBe(1);
    expect(await readdir(speech)).toEqual(['key.24000']);
  });

  it('is nothing where no worker ever was', async () => {
    expect(await clearUnused(join(home, 'new'))).toBe(0);
  });
});
