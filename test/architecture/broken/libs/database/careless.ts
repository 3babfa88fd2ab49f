import { env } from 'node:process';

export async function work(): Promise<void> {
  console.log(process.env.HOME, env.HOME);
}

export function forget(): void {
  work();
}

export const anything = (value: any): unknown => value;

// eslint-disable-next-line no-var
export var old = 1;

// @ts-ignore
export const wrong: string = 1;
