/**
 * The film's cover, drawn here so that the bench needs no picture from elsewhere: a street at night in the rain, portrait, with
 * windows, wet stones and film grain, so that it moves as a photograph would and is no gift to the encoder. Always the same.
 */
import { createCanvas } from '@napi-rs/canvas';

const [WIDTH, HEIGHT] = [1216, 2160];

/** @returns {Buffer} PNG */
export function cover() {
  const canvas = createCanvas(WIDTH, HEIGHT);
  const pen = canvas.getContext('2d');
  const random = dice(1872);
  const sky = pen.createLinearGradient(0, 0, 0, HEIGHT);
  for (const [at, colour] of [
    [0, '#10162e'],
    [0.45, '#34406b'],
    [0.6, '#a8663f'],
    [1, '#141118'],
  ])
    sky.addColorStop(at, colour);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  for (let i = 0; i < 240; i++) dot(pen, random() * WIDTH, random() * 900, 0.6 + random() * 1.6, `rgba(255,250,230,${random()})`);
  for (let row = 0; row < 3; row++) houses(pen, random, 1_000 + row * 170, row);
  stones(pen, random);
  for (let i = 0; i < 900; i++) {
    const [x, y, length] = [random() * WIDTH, random() * HEIGHT, 18 + random() * 40];
    pen.strokeStyle = `rgba(190,205,235,${0.05 + random() * 0.16})`;
    pen.lineWidth = 1 + random();
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x - length * 0.2, y + length);
    pen.stroke();
  }
  grain(pen, random);
  return canvas.toBuffer('image/png');
}

function houses(pen, random, ground, row) {
  for (let x = -60; x < WIDTH;) {
    const [width, height] = [110 + random() * 130, 260 + random() * 420];
    pen.fillStyle = `rgb(${34 - row * 9},${32 - row * 8},${48 - row * 11})`;
    pen.fillRect(x, ground - height, width, HEIGHT);
    pen.beginPath();
    pen.moveTo(x - 8, ground - height);
    pen.lineTo(x + width / 2, ground - height - 70 - random() * 60);
    pen.lineTo(x + width + 8, ground - height);
    pen.fill();
    for (let wy = ground - height + 26; wy < ground; wy += 58)
      for (let wx = x + 18; wx < x + width - 30; wx += 44) {
        pen.fillStyle = random() < 0.4 ? `rgba(255,${190 + random() * 50},110,${0.5 + random() * 0.5})` : 'rgba(9,10,18,0.8)';
        pen.fillRect(wx, wy, 24, 36);
        pen.fillStyle = 'rgba(0,0,0,0.55)';
        pen.fillRect(wx + 11, wy, 2, 36);
      }
    x += width + random() * 14;
  }
}

function stones(pen, random) {
  for (let y = 1_400; y < HEIGHT;) {
    const size = 14 + (y - 1_400) * 0.06;
    for (let x = -random() * size; x < WIDTH; x += size * 1.7) {
      const light = 26 + random() * 46;
      pen.fillStyle = `rgb(${light + random() * 26},${light},${light + 8})`;
      pen.beginPath();
      pen.roundRect(x, y, size * 1.6, size * 0.9, size * 0.3);
      pen.fill();
    }
    y += size;
  }
}

/** What a sensor adds at night. */
function grain(pen, random) {
  const image = pen.getImageData(0, 0, WIDTH, HEIGHT);
  for (let i = 0; i < image.data.length; i += 4) {
    const noise = (random() + random() - 1) * 10;
    for (const channel of [0, 1, 2]) image.data[i + channel] = Math.max(0, Math.min(255, image.data[i + channel] + noise));
  }
  pen.putImageData(image, 0, 0);
}

function dot(pen, x, y, radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
}

/** mulberry32 */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
