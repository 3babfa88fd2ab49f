/**
 * Finds the codes of problem documents and `refused` frames in a TypeScript file: the `code` of every refusal class, the
 * literals given to `BadRequest`, `problem` and `refuse`, and the tables of `[status, code, sentence]`.
 */
import ts from 'typescript';

export interface Refusal {
  code: string;
  /** The kind of a `DomainError`, the status of an answer made at the edge, or `refused` for a live frame. */
  kind: string;
  /** The class that has this code; none when the edge answers without one. */
  class?: string;
}

export interface RefusalReport {
  refusals: Refusal[];
  /** Classes that extend one of `bases` and give no literal code of their own. */
  withoutCode: string[];
}

/** @param bases names of refusal classes, `DomainError` first among them. */
export function refusalsIn(path: string, source: string, bases: ReadonlySet<string>): RefusalReport {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const report: RefusalReport = { refusals: [], withoutCode: [] };
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node) && node.name && bases.has(baseOf(node) ?? '')) {
      const code = literalOf(node, 'code');
      if (code) report.refusals.push({ code, kind: literalOf(node, 'kind') ?? 'as its base', class: node.name.text });
      else report.withoutCode.push(`${path}: ${node.name.text}`);
    } else if (ts.isCallExpression(node) || ts.isNewExpression(node)) report.refusals.push(...ofCall(node));
    else if (ts.isArrayLiteralExpression(node)) report.refusals.push(...ofTuple(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return report;
}

/** @returns class → the class it extends. */
export function classesIn(path: string, source: string): Map<string, string> {
  const classes = new Map<string, string>();
  ts.forEachChild(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true), (node) => {
    const base = ts.isClassDeclaration(node) ? baseOf(node) : undefined;
    if (base && ts.isClassDeclaration(node) && node.name) classes.set(node.name.text, base);
  });
  return classes;
}

function baseOf(node: ts.ClassDeclaration): string | undefined {
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0].expression;
  return base && ts.isIdentifier(base) ? base.text : undefined;
}

function literalOf(node: ts.ClassDeclaration, property: string): string | undefined {
  const found = node.members.find(
    (member) => ts.isPropertyDeclaration(member) && ts.isIdentifier(member.name) && member.name.text === property,
  ) as ts.PropertyDeclaration | undefined;
  return textOf(found?.initializer);
}

function ofCall(node: ts.CallExpression | ts.NewExpression): Refusal[] {
  const callee = node.expression;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : ts.isIdentifier(callee) ? callee.text : '';
  const [first, second, , fourth] = node.arguments ?? [];
  if (name === 'BadRequest') return of(first, fourth ? fourth.getText() : '400');
  if (name === 'problem') return of(second, first.getText());
  if (name === 'refuse' && ts.isPropertyAccessExpression(callee)) return of(second, 'refused');
  return [];
}

/** `[400, 'malformed-json', 'A sentence.']`, or `404: ['no-such-route', 'A sentence.']`. */
function ofTuple(node: ts.ArrayLiteralExpression): Refusal[] {
  const [code, sentence] = node.elements.slice(-2);
  if (!textOf(sentence)?.endsWith('.') || !/^[a-z]+(-[a-z]+)*$/.test(textOf(code) ?? '')) return [];
  const status = node.elements.length === 3 ? node.elements[0] : undefined;
  const key = ts.isPropertyAssignment(node.parent) ? node.parent.name : undefined;
  return of(code, (status ?? key)?.getText() ?? '4xx');
}

const of = (code: ts.Node | undefined, kind: string): Refusal[] => {
  const text = textOf(code);
  return text === undefined ? [] : [{ code: text, kind }];
};

const textOf = (node: ts.Node | undefined): string | undefined => (node && ts.isStringLiteral(node) ? node.text : undefined);
