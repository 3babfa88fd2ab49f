/** Finds the SQL in a TypeScript file: string and template literals, with the constants of the same file filled in. */
import ts from 'typescript';

export interface SqlString {
  sql: string;
  /** 1-based, of the literal's first line. */
  line: number;
}

/** Stands where a template has an expression whose text only a run would know. */
export const HOLE = '\u00ab?\u00bb';

/** Methods whose first argument is SQL, whatever it looks like. */
const TAKES_SQL = new Set(['query']);

/** Methods of TypeORM's query builder that take a table's name as a string. */
const TAKES_TABLE = new Set([
  'from',
  'into',
  'innerJoin',
  'leftJoin',
  'innerJoinAndSelect',
  'leftJoinAndSelect',
  'innerJoinAndMapOne',
  'leftJoinAndMapOne',
]);

/** Upper-case keywords that prose does not hold side by side with names, or a statement in lower case from its first word. */
const UPPER =
  /\b(?:SELECT|FROM|JOIN|INSERT INTO|DELETE FROM|UPDATE|MERGE INTO|TRUNCATE|RETURNING|ON CONFLICT)\b|\b(?:CREATE|ALTER|DROP|LOCK|COMMENT ON)\s+(?:[A-Z]+\s+)*(?:TABLE|INDEX|SCHEMA|VIEW|FUNCTION|TRIGGER|SEQUENCE|TYPE)\b/;
const LOWER =
  /^\s*(?:select\s[\s\S]+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s+[\w"]+\s*=|delete\s+from\s|with\s+\w+\s+as\s*\(|(?:create|alter|drop)\s+(?:table|index|schema|view|function)\s)/;

export function sqlStrings(path: string, source: string): SqlString[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const constants = stringConstants(file);
  const found: SqlString[] = [];

  const visit = (node: ts.Node): void => {
    if (isText(node) && !isText(node.parent) && !ts.isTemplateSpan(node.parent)) {
      const text = textOf(node, constants, 0);
      const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
      if (isSql(text) || argumentOf(node, TAKES_SQL)) found.push({ sql: text, line });
      else if (argumentOf(node, TAKES_TABLE) && /^\w+\.\w+$/.test(text)) found.push({ sql: `FROM ${text}`, line });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const isSql = (text: string): boolean => UPPER.test(text) || LOWER.test(text);

/** A literal, or literals put together by `+`. */
function isText(node: ts.Node): node is ts.Expression {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) return true;
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.PlusToken &&
    (isText(node.left) || isText(node.right))
  );
}

function textOf(node: ts.Expression, constants: Map<string, ts.Expression>, depth: number): string {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression, constants, depth);
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map((span) => textOf(span.expression, constants, depth) + span.literal.text);
    return node.head.text + spans.join('');
  }
  if (ts.isBinaryExpression(node) && isText(node))
    return textOf(node.left, constants, depth) + textOf(node.right, constants, depth);
  const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
  return constant && depth < 10 ? textOf(constant, constants, depth + 1) : HOLE;
}

function stringConstants(file: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer && isText(node.initializer))
      constants.set(node.name.text, node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return constants;
}

function argumentOf(node: ts.Node, methods: Set<string>): boolean {
  const call = node.parent;
  return (
    ts.isCallExpression(call) &&
    call.arguments[0] === node &&
    ts.isPropertyAccessExpression(call.expression) &&
    methods.has(call.expression.name.text)
  );
}

export interface EntityTable {
  /** What `@Entity({ schema })` says, if it says it as a literal. */
  schema?: string;
  line: number;
}

/** Every `@Entity` and `@ViewEntity` of a file. */
export function entityTables(path: string, source: string): EntityTable[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: EntityTable[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isDecorator(node) && ts.isCallExpression(node.expression)) {
      const { expression: name, arguments: given } = node.expression;
      if (ts.isIdentifier(name) && (name.text === 'Entity' || name.text === 'ViewEntity'))
        found.push({ schema: schemaIn(given), line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function schemaIn(given: ts.NodeArray<ts.Expression>): string | undefined {
  for (const options of given.filter(ts.isObjectLiteralExpression))
    for (const property of options.properties.filter(ts.isPropertyAssignment))
      if (property.name.getText() === 'schema' && ts.isStringLiteralLike(property.initializer)) return property.initializer.text;
  return undefined;
}
