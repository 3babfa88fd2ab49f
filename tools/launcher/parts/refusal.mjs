/** A reason to stop, in one sentence that names the fix. Commands print it and exit with code 1. */
export class Refusal extends Error {}

/** Runs a command's main function and turns what it throws into exit code 1: prints the sentence of a refusal, or the stack of a defect. */
export async function main(command) {
  try {
    process.exitCode = (await command()) ?? 0;
  } catch (error) {
    const message = error instanceof Refusal ? error.message : (error?.stack ?? String(error));
    console.error(`\n  ✗ ${message}\n`);
    process.exitCode = 1;
  }
}
