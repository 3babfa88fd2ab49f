/**
 * A time inside of JSON that Postgres builds, written as everywhere in answers: UTC, milliseconds, `Z`. Postgres itself would write
 * `2026-03-01T12:00:00.123456+00:00`.
 *
 * ```ts
 * `json_build_object('at', ${jsonTime('d.relayed_at')})`
 * ```
 */
export const jsonTime = (sql: string): string => `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
