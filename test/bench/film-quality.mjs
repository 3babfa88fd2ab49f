/** How near an encoded film is to the frames it was made of, and how many bytes its pictures take. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { measured } from './cpu.mjs';

export const RAW = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '1080x1920', '-r', '30'];
/** The rows captions stand in, whatever their number of lines. */
const BAND = 'crop=1080:480:0:990';

/**
 * SSIM of each frame, 0…1, frame n against frame n (both clocks are set by counting, so that a shifted timestamp cannot pass for
 * blur, nor blur for a shift).
 */
export async function quality(ffmpeg, film, raw, folder) {
  const counted = 'settb=1/30,setpts=N';
  const logs = ['whole', 'band'].map((name) => `${folder}/${path.basename(film)}.${name}.ssim`);
  const graph = [
    `[0:v]${counted},split[a][c]`,
    `[1:v]${counted},split[b][d]`,
    `[a][b]ssim=stats_file=${logs[0]}`,
    `[c]${BAND}[e]`,
    `[d]${BAND}[f]`,
    `[e][f]ssim=stats_file=${logs[1]}`,
  ].join(';');
  await measured([ffmpeg, '-v', 'error', '-i', film, ...RAW, '-i', raw, '-lavfi', graph, '-f', 'null', '-']);
  const [whole, band] = logs.map((log) => [...readFileSync(log, 'utf8').matchAll(/All:([\d.]+)/g)].map(([, all]) => Number(all)));
  return { whole, band };
}

/** Mean and worst twentieth of several films' frames, in decibels. */
export function summed(films) {
  const [whole, band] = ['whole', 'band'].map((what) => films.flatMap((film) => film[what]));
  const worst = [...whole].sort((a, b) => a - b).slice(0, Math.ceil(whole.length / 20));
  return { frames: whole.length, whole: decibel(whole), band: decibel(band), worst: decibel(worst) };
}

/** Bytes of the coded pictures alone: no sound, no container. */
export async function pictureBytes(ffmpeg, film, folder) {
  const bare = `${folder}/pictures.h264`;
  await measured([ffmpeg, '-v', 'error', '-y', '-i', film, '-c:v', 'copy', '-an', '-f', 'h264', bare]);
  const { size } = statSync(bare);
  rmSync(bare);
  return size;
}

const decibel = (list) => -10 * Math.log10(1 - list.reduce((sum, one) => sum + one, 0) / list.length);
