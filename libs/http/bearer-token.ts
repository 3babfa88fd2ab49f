/**
 * The token of `Authorization: Bearer <token>` (RFC 6750 §2.1). Not by a regular expression: `(\S+)\s+(\S+)`, as libraries
 * have it, takes quadratic time on a long header without a blank.
 */
export function bearerToken(request: { headers: { authorization?: string } }): string | null {
  const header = request.headers.authorization ?? '';
  const blank = header.indexOf(' ');
  if (blank < 0 || header.slice(0, blank).toLowerCase() !== 'bearer') return null;
  return header.slice(blank + 1).trim() || null;
}
