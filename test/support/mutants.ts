/**
 * Copies of a small module, each without one part: for tests that check whether another test would fail then. A copy is
 * made by cutting an element out of an array, by asking for another scope, or by letting an operand of `&&` be true or one
 * of `||` be false.
 */
import { readFileSync } from 'node:fs';
import { compileFunction } from 'node:vm';
import ts from 'typescript';

export interface Mutant<Module> {
  /** What was cut, and where. */
  name: string;
  module: Module;
}

/** @param path of the module; @param imported what it imports, by its specifiers. */
export function mutantsOf<Module>(path: string, imported: Record<string, unknown>): Mutant<Module>[] {
  const text = readFileSync(path, 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant<Module>[] = [];
  const add = (node: ts.Node, replacement: string): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    const mutated = text.slice(0, node.getStart()) + replacement + text.slice(node.end);
    mutants.push({ name: `${line}: ${node.getText()} → ${replacement || 'nothing'}`, module: load<Module>(mutated, imported) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isArrayLiteralExpression(node)) for (const element of node.elements) add(element, `'nobody' as never`);
    if (ts.isBinaryExpression(node)) {
      const neutral = { [ts.SyntaxKind.AmpersandAmpersandToken]: 'true', [ts.SyntaxKind.BarBarToken]: 'false' }[
        node.operatorToken.kind as number
      ];
      if (neutral) for (const operand of [node.left, node.right]) if (!isLogical(operand)) add(operand, neutral);
    }
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'scope') add(node.initializer, `'live:listen' as never`);
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body) && !isLogical(node.body))
      for (const value of ['true', 'false']) add(node.body, value);
    ts.forEachChild(node, visit);
  };
  const policy = source.statements.find((one) => ts.isVariableStatement(one) && /\bPOLICY\b/.test(one.getText()));
  if (!policy) throw new Error(`${path} has no POLICY.`);
  visit(policy);
  return mutants;
}

function isLogical(node: ts.Node): boolean {
  if (ts.isParenthesizedExpression(node)) return isLogical(node.expression);
  return ts.isBinaryExpression(node) && /^(&&|\|\|)$/.test(node.operatorToken.getText());
}

function load<Module>(text: string, imported: Record<string, unknown>): Module {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const module = { exports: {} as Module };
  const require = (name: string): unknown => {
    if (!(name in imported)) throw new Error(`Give mutantsOf what it imports as ${name}.`);
    return imported[name];
  };
  const run = compileFunction(outputText, ['exports', 'require', 'module']) as (...given: unknown[]) => void;
  run(module.exports, require, module);
  return module.exports;
}
