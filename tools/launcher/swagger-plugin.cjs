/**
 * The compiler plugin of @nestjs/swagger, for clones whose path is not ASCII. TypeScript prints a type as
 * `import("/home/\u6545\u4E8B/…")` with escapes, the plugin reads the backslashes as folders, and writes imports into
 * dist that cannot be loaded. This wrapper unescapes the type checker's text before the plugin reads it.
 * Beside it, route-refusals.cjs lists the codes of each route.
 */
const { before } = require('@nestjs/swagger/plugin');
const { routeRefusals } = require('./route-refusals.cjs');

const unescaped = (text) => text.replace(/\\u([0-9A-Fa-f]{4})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));

exports.before = (options, program) => {
  const checker = program.getTypeChecker();
  const readable = { ...checker, typeToString: (...args) => unescaped(checker.typeToString(...args)) };
  const swagger = before(options, { ...program, getTypeChecker: () => readable });
  const refusals = routeRefusals(program);
  return (context) => {
    const [describe, list] = [swagger(context), refusals(context)];
    return (file) => list(describe(file));
  };
};
