import type { Transaction } from './transaction.js';

/** Runs one DELETE. @returns how many rows it removed */
export async function deleted(transaction: Transaction, sql: string, parameters: unknown[] = []): Promise<number> {
  const [, count] = await transaction.query<unknown>(sql, parameters);
  return count as number;
}
