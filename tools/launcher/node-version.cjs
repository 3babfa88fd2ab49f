/*
 * Loaded before everything else (`node -r ./tools/launcher/node-version.cjs ...`), in syntax that every Node parses, so that
 * an old Node prints one sentence and not a SyntaxError from the first modern line.
 */
'use strict';

function isFine(major, minor) {
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
}

if (!isFine.apply(null, process.versions.node.split('.').map(Number))) {
  console.error(
    'Inkreel needs Node 20.19+, 22.12+ or 24+, and this is Node ' +
      process.versions.node +
      ': install Node 24 from https://nodejs.org (or run: nvm install 24) and run the command again.',
  );
  process.exit(1);
}
