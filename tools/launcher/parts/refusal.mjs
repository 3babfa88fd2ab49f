/** A reason not to go on, told as one sentence that names the fix. Commands print it and leave with exit code 1. */
export class Refusal extends Error {}

/** Runs a command's main function and turns what it throws into an exit code: a sentence for a refusal, a stack for a defect. */
export async function main(command) {
  try {
    process.exitCode = (await command()) ?? 0;
  } catch (error) {
    const told = error instanceof Refusal ? error.message : (error?.stack ?? String(error));
    console.error(`\n  ✗ ${told}\n`);
    process.exitCode = 1;
  }
}
