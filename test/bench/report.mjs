/**
 * The one shape of every result, `{ name, value, unit, baseline, goal, ok }`: as a table for people, or one JSON object a line.
 * `ok` is null where there is no goal: such figures are information.
 */

/** Says on standard error what is being done. */
export const say = (text) => process.stderr.write(`  · ${text}\n`);

/**
 * A goal in words and whether it is met.
 * @param {{ name: string, value: number, unit: string, baseline: string, goal?: { least?: number, most?: number, below?: number } }} line
 */
export function judged({ name, value, unit, baseline, goal = {} }) {
  const { least, most, below } = goal;
  const words = [
    least !== undefined && `>= ${least}`,
    most !== undefined && `<= ${most}`,
    below !== undefined && `< ${below}`,
  ].filter(Boolean);
  const met =
    (least === undefined || value >= least) && (most === undefined || value <= most) && (below === undefined || value < below);
  return {
    name,
    value: Math.round(value * 1_000) / 1_000,
    unit,
    baseline,
    goal: words.join(' and ') || null,
    ok: words.length ? met : null,
  };
}

/** Prints the lines; the exit code is 1 when a goal is missed. */
export function report(lines, json) {
  const all = lines.map(judged);
  if (json) for (const line of all) console.log(JSON.stringify(line));
  else table(all);
  if (all.some(({ ok }) => ok === false)) process.exitCode = 1;
}

export function table(lines) {
  const rows = [
    ['', 'what', 'value', 'against', 'goal'],
    ...lines.map(({ name, value, unit, baseline, goal, ok }) => [
      ok === null || ok === undefined ? '' : ok ? 'ok' : 'MISSED',
      name,
      `${value} ${unit}`.trim(),
      baseline ?? '',
      goal ?? '',
    ]),
  ];
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  for (const row of rows) console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd());
}
