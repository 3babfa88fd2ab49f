/**
 * For work on the event loop that is made of many short pieces, and whose input or result is too large to send to a thread: after
 * `TURN_MS` others have a turn.
 *
 *   const keys = await mapInTurns(scenes, (scene) => keyOf(fieldsOf(scene)));
 */
const TURN_MS = 10;

export async function mapInTurns<In, Out>(items: readonly In[], map: (item: In, index: number) => Out): Promise<Out[]> {
  const mapped: Out[] = [];
  let began = performance.now();
  for (const [i, item] of items.entries()) {
    mapped.push(map(item, i));
    if (performance.now() - began < TURN_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
  return mapped;
}
