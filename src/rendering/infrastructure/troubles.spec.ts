import { NoRoom } from '../domain/ports.js';
import { told } from './troubles.js';

it('A full disk is told as such, whoever met it', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    expect(told(Object.assign(new Error('write failed'), { code }))).toBeInstanceOf(NoRoom);
    expect(told(new Error(`ffmpeg: ${code}, write`))).toBeInstanceOf(NoRoom);
  }
  const other = new Error('of no interest');
  expect(told(other)).toBe(other);
});
