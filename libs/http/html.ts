/** The few pages that Inkreel itself answers people with: no scripts, no files beside them. */

const MARKS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For text between tags and in quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => MARKS[mark]);

/** The policy that goes with `htmlPage`: its own style, and forms to this server. */
export const PAGE_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** @param title plain text. @param body HTML. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} · Inkreel</title>
<style>
  body{font:16px/1.5 system-ui,sans-serif;background:#14121b;color:#eceaf4;max-width:46rem;margin:3rem auto;padding:0 1rem}
  h1{font-size:1.4rem}h2{font-size:1rem}a{color:#ffd166}dt{color:#a9a4bd;font-size:.85rem}dd{margin:0 0 .6rem}
  pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#1f1c2a;border-radius:8px;padding:.7rem;font-size:.85rem}
  form{max-width:20rem;display:grid;gap:.9rem}label{display:grid;gap:.25rem;font-size:.85rem;color:#c9c5d8}
  input{font:inherit;padding:.55rem .7rem;border-radius:8px;border:1px solid #3a3550;background:#1f1c2a;color:inherit}
  button{font:inherit;padding:.6rem 1rem;border:0;border-radius:8px;background:#ffd166;color:#14121b;font-weight:600;cursor:pointer}
  .refused{background:#4a1f2b;border-radius:8px;padding:.7rem}
</style></head><body>${body}</body></html>`;
