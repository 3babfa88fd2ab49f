/** `npm run reset`: deletes everything that an instance has written (data, secrets, demo accounts, logs). */
import { existsSync, rmSync } from 'node:fs';
import { checkNotRunning } from './parts/checks.mjs';
import { Home } from './parts/home.mjs';
import { clearLeftovers } from './parts/leftovers.mjs';
import { short } from './parts/paths.mjs';
import { copyFolder } from './parts/postgres-user.mjs';
import { main, Refusal } from './parts/refusal.mjs';
import { line } from './parts/console.mjs';
import { addresses } from './parts/welcome.mjs';

await main(async () => {
  const home = new Home();
  if (!existsSync(home.folder)) return line(`  There is nothing to reset: ${short(home.folder)} does not exist.`);
  if (!home.isOurs())
    throw new Refusal(
      `${home.folder} was not made by Inkreel, so nothing in it was deleted: correct INKREEL_HOME, or remove the folder yourself.`,
    );
  checkNotRunning(home, addresses(process.env).port);
  await clearLeftovers(home);
  rmSync(copyFolder(home.postgresFolder), { recursive: true, force: true });
  rmSync(home.folder, { recursive: true, force: true });
  line(`  ${short(home.folder)} is deleted; npm start makes a new one.`);
});
