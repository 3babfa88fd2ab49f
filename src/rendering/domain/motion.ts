import { dice } from './keys.js';
import type { Motion } from './scene.js';
import { FRAME_RATE } from './scene.js';

/** Zoom gained or lost in a second, and the most a scene may reach: the fitted picture has 12 % to spare. */
const ZOOM_PER_SECOND = 0.011;
const MOST_ZOOM = 1.12;
/** Share of the spare room that the window drifts through in a second. */
const DRIFT_PER_SECOND = 0.07;

/**
 * How the picture moves behind a text: slowly in or out, drifting to one side. Chosen from the text itself, so that a scene that
 * moves to another place in the film moves its picture the same way; the speed is the same in a short scene and a long one.
 */
export function motionOf(text: string, frames: number): Motion {
  const seconds = frames / FRAME_RATE;
  const zoom = Math.min(MOST_ZOOM - 1, 0.02 + ZOOM_PER_SECOND * seconds);
  const drift = Math.min(0.4, DRIFT_PER_SECOND * seconds);
  const angle = Math.floor(dice(`angle ${text}`) * 8);
  const [dx, dy] = DIRECTIONS[angle];
  const near = { x: round(0.5 - dx * drift), y: round(0.5 - dy * drift), zoom: 1 + round(MOST_ZOOM - 1 - zoom) };
  const far = { x: round(0.5 + dx * drift), y: round(0.5 + dy * drift), zoom: MOST_ZOOM };
  return dice(`zoom ${text}`) < 0.5 ? { from: near, to: far } : { from: far, to: near };
}

/** Eight winds; constants instead of sines, whose last digit may differ between machines. */
const HALF = 0.7071;
const DIRECTIONS: readonly (readonly [number, number])[] = [
  [1, 0],
  [HALF, HALF],
  [0, 1],
  [-HALF, HALF],
  [-1, 0],
  [-HALF, -HALF],
  [0, -1],
  [HALF, -HALF],
];

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
