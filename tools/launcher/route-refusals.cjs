/**
 * With which codes each route can refuse, read from the code when it is built: every refusal that a controller's method creates, or any
 * function that it calls. A port leads to its implementations. The codes become a static property of the controller, `routeRefusals`,
 * which libs/http/openapi.ts shows in the OpenAPI document:
 *
 *   static routeRefusals = { getWork: [['not-found', 'work-not-found', 'There is no such work.']] };
 *
 * The first member is the kind of a DomainError or the status of a BadRequest. A refusal that is created but cannot happen on that route
 * is listed, too: what a condition decides is not known here.
 */
const ts = require('typescript');

exports.routeRefusals = (program) => {
  const checker = program.getTypeChecker();
  const own = new Set(program.getSourceFiles().filter((file) => !file.isDeclarationFile));
  const heirs = heirsByBase(program, checker);
  const known = new Map();

  return (context) => (file) => {
    const visit = (node) => {
      if (!ts.isClassDeclaration(node) || !decoratorNames(ts.getOriginalNode(node)).includes('Controller')) return node;
      // another transformer may have changed the class: types are known of what was written
      const routes = ts
        .getOriginalNode(node)
        .members.filter(
          (member) => ts.isMethodDeclaration(member) && ts.canHaveDecorators(member) && ts.getDecorators(member)?.length,
        );
      const entries = routes.map((route) =>
        context.factory.createPropertyAssignment(route.name.text, literal(context.factory, refusalsBelow(route))),
      );
      const property = context.factory.createPropertyDeclaration(
        [context.factory.createModifier(ts.SyntaxKind.StaticKeyword)],
        'routeRefusals',
        undefined,
        undefined,
        context.factory.createObjectLiteralExpression(entries),
      );
      return context.factory.updateClassDeclaration(node, node.modifiers, node.name, node.typeParameters, node.heritageClauses, [
        ...node.members,
        property,
      ]);
    };
    return file.fileName.endsWith('.controller.ts') ? ts.visitEachChild(file, visit, context) : file;
  };

  /** @returns [kind or status, code, sentence] of each, without repeats. */
  function refusalsBelow(start) {
    const found = new Map();
    const seen = new Set();
    const open = [start];
    for (let node = open.pop(); node; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      const { refusals, next } = facts(node);
      for (const refusal of refusals) found.set(refusal[1], refusal);
      open.push(...next);
    }
    return [...found.values()].sort(([, a], [, b]) => (a < b ? -1 : 1));
  }

  /** What one function creates and where it leads. */
  function facts(declaration) {
    const before = known.get(declaration);
    if (before) return before;
    const refusals = [];
    const next = [];
    const look = (node) => {
      if (ts.isDecorator(node) || ts.isTypeNode(node)) return;
      if (ts.isNewExpression(node)) {
        const refusal = refusalOf(node);
        if (refusal) refusals.push(refusal);
      }
      if (ts.isIdentifier(node)) next.push(...leadsTo(node));
      ts.forEachChild(node, look);
    };
    ts.forEachChild(declaration, look);
    const result = { refusals, next };
    known.set(declaration, result);
    return result;
  }

  /** The functions behind a name: itself, and those of the classes that implement it. */
  function leadsTo(name) {
    let symbol = checker.getSymbolAtLocation(name);
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
    return (symbol?.declarations ?? []).filter((one) => own.has(one.getSourceFile())).flatMap(functionsOf);
  }

  function functionsOf(declaration) {
    if (ts.isFunctionDeclaration(declaration) || ts.isGetAccessor(declaration)) return [declaration];
    if (ts.isVariableDeclaration(declaration) && declaration.initializer && ts.isFunctionLike(declaration.initializer))
      return [declaration];
    if (!ts.isMethodDeclaration(declaration) && !ts.isMethodSignature(declaration)) return [];
    const base =
      ts.isClassLike(declaration.parent) || ts.isInterfaceDeclaration(declaration.parent) ? declaration.parent : undefined;
    const overriding = (base ? (heirs.get(base) ?? []) : []).flatMap((heir) =>
      heir.members.filter((member) => ts.isMethodDeclaration(member) && member.name.getText() === declaration.name.getText()),
    );
    return [...(declaration.body ? [declaration] : []), ...overriding];
  }

  function refusalOf(node) {
    const name = node.expression.getText();
    if (name === 'BadRequest') {
      const [code, sentence, , status] = node.arguments ?? [];
      return ts.isStringLiteral(code) ? [Number(status?.getText() ?? 400), code.text, textOf(sentence)] : undefined;
    }
    const [declaration] = checker.getTypeAtLocation(node).symbol?.declarations ?? [];
    if (!declaration || !ts.isClassDeclaration(declaration)) return undefined;
    const chain = [...lineage(declaration)];
    if (!chain.some((one) => one.name?.text === 'DomainError')) return undefined;
    const [code, kind] = ['code', 'kind'].map((member) => chain.map((one) => literalOf(one, member)).find(Boolean));
    return code && kind ? [kind, code, chain.map(sentenceOf).find(Boolean) ?? ''] : undefined;
  }

  function* lineage(declaration) {
    for (let one = declaration; one;) {
      yield one;
      const base = one.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
      one = base && checker.getTypeAtLocation(base.expression).symbol?.declarations?.find(ts.isClassDeclaration);
      one ??= base && checker.getTypeAtLocation(base).symbol?.declarations?.find(ts.isClassDeclaration);
    }
  }
};

function heirsByBase(program, checker) {
  const heirs = new Map();
  const look = (node) => {
    if (ts.isClassDeclaration(node))
      for (const { types } of node.heritageClauses ?? [])
        for (const type of types)
          for (const base of checker.getTypeAtLocation(type).symbol?.declarations ?? [])
            heirs.set(base, [...(heirs.get(base) ?? []), node]);
    ts.forEachChild(node, look);
  };
  for (const file of program.getSourceFiles()) if (!file.isDeclarationFile) look(file);
  return heirs;
}

const decoratorNames = (node) => (ts.getDecorators(node) ?? []).map(({ expression }) => expression.expression?.getText() ?? '');

const literalOf = (declaration, name) => {
  const member = declaration.members.find((one) => ts.isPropertyDeclaration(one) && one.name.getText() === name);
  const value =
    member?.initializer && ts.isAsExpression(member.initializer) ? member.initializer.expression : member?.initializer;
  return value && ts.isStringLiteral(value) ? value.text : undefined;
};

/** The first argument of `super(…)`. */
function sentenceOf(declaration) {
  let sentence;
  const look = (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) sentence ??= textOf(node.arguments[0]);
    else ts.forEachChild(node, look);
  };
  ts.forEachChild(declaration, look);
  return sentence;
}

/** A text with `…` for what is filled in. */
function textOf(node) {
  if (!node) return '';
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal: { text } }) => `…${text}`).join('');
  if (ts.isBinaryExpression(node)) return textOf(node.left) + textOf(node.right);
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression);
  return '';
}

const literal = (factory, refusals) =>
  factory.createArrayLiteralExpression(
    refusals.map(([kind, code, sentence]) =>
      factory.createArrayLiteralExpression([
        typeof kind === 'number' ? factory.createNumericLiteral(kind) : factory.createStringLiteral(kind),
        factory.createStringLiteral(code),
        factory.createStringLiteral(sentence),
      ]),
    ),
  );
