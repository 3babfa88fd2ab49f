/**
 * The folder of one instance (`INKREEL_HOME`): its data, its logs, the secrets that are made once and kept between runs
 * (readable by the owner only), and `run.json`, which lists the running processes with their URLs, ports and pids.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { readJson, tryLock, writeJson, writeWhole } from './files.mjs';
import { homeFolder, short } from './paths.mjs';
import { isAlive, known } from './processes.mjs';
import { Refusal } from './refusal.mjs';

const MARK = '.inkreel-home';
const LOG_LIMIT = 20 * 1024 * 1024;

export class Home {
  constructor(folder = homeFolder()) {
    this.folder = folder;
    this.runFile = path.join(folder, 'run.json');
    this.accountsFile = path.join(folder, 'demo-accounts.json');
    this.postgresFolder = path.join(folder, 'postgres');
    this.redisFolder = path.join(folder, 'redis');
  }

  /** Makes the folder and locks it for this process; a second starter is refused. @returns {() => void} unlocks it */
  take() {
    mkdirSync(this.folder, { recursive: true });
    for (const name of ['logs', 'redis', 'secrets']) mkdirSync(path.join(this.folder, name), { recursive: true, mode: 0o700 });
    // as root the database runs as another user, which must be able to enter the folder
    chmodSync(this.folder, process.getuid?.() === 0 ? 0o711 : 0o700);
    writeWhole(path.join(this.folder, MARK), 'Everything in this folder was written by Inkreel; npm run reset removes it.\n');
    const lock = tryLock(path.join(this.folder, 'run.lock'), 'npm start');
    if ('holder' in lock)
      throw new Refusal(
        `Inkreel already starts from ${short(this.folder)} (pid ${lock.holder.pid}): stop it first, or choose another INKREEL_HOME.`,
      );
    return lock.release;
  }

  /** Whether Inkreel made this folder, so that it may be deleted. */
  isOurs() {
    return existsSync(path.join(this.folder, MARK));
  }

  logFile(name) {
    const file = path.join(this.folder, 'logs', `${name}.log`);
    if (existsSync(file) && statSync(file).size > LOG_LIMIT) renameSync(file, file.replace(/\.log$/, '.1.log'));
    return file;
  }

  /** The secret with this name, made when it is first asked for. */
  secret(name, make = () => randomBytes(24).toString('base64url')) {
    const file = this.secretFile(name);
    if (!existsSync(file)) writeWhole(file, make());
    return readFileSync(file, 'utf8');
  }

  secretFile(name) {
    return path.join(this.folder, 'secrets', name);
  }

  /** The file with the key that signs access tokens: EC P-256 in PEM. */
  signingKeyFile() {
    this.secret('signing-key.pem', () =>
      generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    );
    return this.secretFile('signing-key.pem');
  }

  /** @returns {{ name: string, email: string, password: string, role: string }[]} made once, with random passwords */
  demoAccounts() {
    if (!existsSync(this.accountsFile))
      writeJson(
        this.accountsFile,
        DEMO_PEOPLE.map((person) => ({ ...person, password: randomBytes(9).toString('base64url') })),
      );
    return readJson(this.accountsFile);
  }

  readRun() {
    return readJson(this.runFile);
  }

  /** The content of run.json when its starter is running, else undefined. */
  living() {
    const run = this.readRun();
    return run && isAlive(run.processes?.starter) ? run : undefined;
  }

  removeRun() {
    rmSync(this.runFile, { force: true });
  }
}

const DEMO_PEOPLE = [
  { name: 'Ada Quill', email: 'admin@inkreel.test', role: 'admin' },
  { name: 'Moss Warden', email: 'moderator@inkreel.test', role: 'moderator' },
  { name: 'Mira Vale', email: 'mira@inkreel.test', role: 'author' },
  { name: '林墨', email: 'linmo@inkreel.test', role: 'author' },
  { name: 'Theo Reads', email: 'reader@inkreel.test', role: 'reader' },
];

/** Writes `run.json` after every change and at once after a spawn, so that the next start knows every process of a killed run. */
export class RunFile {
  #home;
  content;

  constructor(home, content) {
    this.#home = home;
    this.content = { ...content, processes: { starter: known(process.pid) } };
    this.#write();
  }

  process(name, pid) {
    this.content.processes[name] = known(pid);
    this.#write();
  }

  set(values) {
    Object.assign(this.content, values);
    this.#write();
  }

  #write() {
    writeJson(this.#home.runFile, this.content);
  }
}
