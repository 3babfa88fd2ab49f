/**
 * Installs the dependencies and builds, each only when needed, under one lock for the clone. A command that then runs from a
 * build holds a *lease*: until it ends, its build is not removed and node_modules is not reinstalled.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, buildName, isBuilt, linkDist, removeOldBuilds } from './build.mjs';
import { checkFolder } from './checks.mjs';
import { readJson, withLock, writeJson } from './files.mjs';
import { finishPackages, install, isInstalled } from './install.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { isAlive, known, stop } from './processes.mjs';
import { Refusal } from './refusal.mjs';
import { event, step } from './console.mjs';

const LEASES = path.join(CACHE, 'running');

/**
 * @param {string} what the command, for messages: `npm start`
 * @returns {Promise<{ dist: string, lease: Lease }>} dist = the folder to run from, absolute
 */
export async function prepare(what) {
  const waiting = (holder) => event(`waiting for ${holder.what} (pid ${holder.pid}), which is preparing this folder`);
  return withLock(path.join(CACHE, 'prepare.lock'), what, waiting, async () => {
    const others = await livingLeases();
    if (!isInstalled()) {
      if (others.length > 0) {
        const [{ pid, what: command }] = others;
        throw new Refusal(
          `The dependencies have changed, but ${command} (pid ${pid}) runs from this folder: stop it, then run this again.`,
        );
      }
      await step('Dependencies', async (note) => {
        note('npm ci');
        note(`npm ci, ${await install()} packages`);
      });
    }
    finishPackages();
    const name = buildName();
    if (!isBuilt(name))
      await step('Build', async (note) => {
        note('src and libs');
        await build(path.join(ROOT, name));
        note(`src and libs into ${name}`);
      });
    linkDist(name);
    removeOldBuilds(new Set([name, ...others.map((lease) => lease.build)]));
    return { dist: path.join(ROOT, name), lease: new Lease(what, name) };
  });
}

/** Whether `prepare` will install packages: only then the clone needs free disk space. */
export const needsInstall = () => !existsSync(path.join(ROOT, 'node_modules')) || !isInstalled();

/** Checks the clone before `prepare`: 3 GB hold the packages, their cache and the first builds. */
export const checkClone = () => checkFolder(ROOT, needsInstall() ? 3 : 0.2, 'The clone');

/** A file that says that this process runs from a build, and which temporary services it has started. */
export class Lease {
  #file = path.join(LEASES, `${process.pid}.json`);
  #content;

  constructor(what, build) {
    this.#content = { ...known(process.pid), what, build, services: [], folder: undefined };
    this.#write();
  }

  /** Names services and a temporary folder that the next command stops and deletes if this process is killed. */
  owns({ services, folder }) {
    Object.assign(this.#content, { services, folder });
    this.#write();
  }

  end() {
    rmSync(this.#file, { force: true });
  }

  #write() {
    writeJson(this.#file, this.#content);
  }
}

/** Leases of running processes. Stops and deletes what ended ones left (servers of a killed test run). */
async function livingLeases() {
  mkdirSync(LEASES, { recursive: true });
  const alive = [];
  for (const name of readdirSync(LEASES).filter((file) => /^\d+\.json$/.test(file))) {
    const lease = readJson(path.join(LEASES, name));
    if (lease && isAlive(lease)) {
      alive.push(lease);
      continue;
    }
    await Promise.all((lease?.services ?? []).map((service) => stop(service, ['SIGINT', 3000], ['SIGKILL', 2000])));
    if (lease?.folder) rmSync(lease.folder, { recursive: true, force: true });
    rmSync(path.join(LEASES, name), { force: true });
  }
  return alive;
}
