/**
 * The plans of the statements that a piece of the product really sends: each is run once with EXPLAIN ANALYZE just before it runs, on
 * the same connection and rolled back, so its plan sees what the statement itself will see.
 *
 *   const plans = await plansOf(() => app.fastify.inject('/v1/works'));
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from 'pg';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: PlanNode[];
}

export interface Plan {
  readonly sql: string;
  /** Rows that were read from tables, with those that a filter threw away. */
  readonly rowsRead: number;
  /** Tables that were read from their first row to their last. */
  readonly scanned: string[];
  readonly indexes: string[];
}

type Query = (text: string, values?: unknown[]) => Promise<{ rows: { 'QUERY PLAN': { Plan: PlanNode }[] }[] }>;

const recording = new AsyncLocalStorage<Plan[]>();

/** Explains what is sent within `plansOf`. @returns how to undo it */
export function watchQueries(): () => void {
  const prototype = Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const original = prototype.query;
  prototype.query = function (this: Client, ...args: unknown[]): unknown {
    const plans = recording.getStore();
    const [text, values] = args;
    if (!plans || typeof text !== 'string' || !/^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/i.test(text))
      return original.apply(this, args);
    const send = original.bind(this) as Query;
    return recording.exit(async () => {
      plans.push(await explain(this, send, text, values as unknown[] | undefined));
      return original.apply(this, args);
    });
  };
  return () => (prototype.query = original);
}

export async function plansOf(work: () => Promise<unknown>): Promise<Plan[]> {
  const plans: Plan[] = [];
  await recording.run(plans, work);
  return plans;
}

async function explain(client: Client, send: Query, sql: string, values: unknown[] | undefined): Promise<Plan> {
  const inside = (client as unknown as { getTransactionStatus(): string }).getTransactionStatus() === 'T';
  await send(inside ? 'SAVEPOINT explained' : 'BEGIN');
  const { rows } = await send(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, values);
  await send(inside ? 'ROLLBACK TO SAVEPOINT explained' : 'ROLLBACK');
  const nodes = [...all(rows[0]['QUERY PLAN'][0].Plan)];
  return {
    sql: sql.replace(/\s+/g, ' ').trim(),
    rowsRead: Math.round(nodes.filter(readsTable).reduce((sum, node) => sum + rowsOf(node), 0)),
    scanned: nodes.filter((node) => node['Node Type'].endsWith('Seq Scan')).map((node) => node['Relation Name'] ?? ''),
    indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
  };
}

function* all(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* all(child);
}

/** A bitmap of an index is counted where its rows are read. */
const readsTable = (node: PlanNode): boolean => /(Seq|Index|Index Only|Bitmap Heap) Scan$/.test(node['Node Type']);

/** PostgreSQL counts per loop. */
const rowsOf = (node: PlanNode): number =>
  (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) *
  node['Actual Loops'];
