/** The Chromium that is installed on this machine, and the errors that its pages report. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];
const ABSENT =
  'SKIPPED: there is no Chromium here. Install it (Debian: apt-get install chromium) or name one in CHROMIUM_PATH, then run this again.';

function found(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH; // a wrong path must fail, not skip
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...APPLICATIONS].find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const executablePath = found();

/** `describe` for what needs a browser: without one it is one skipped test whose name says so. */
export function describeInChromium(title: string, specs: () => void): void {
  if (executablePath) return describe(title, specs);
  console.warn(`${title}: ${ABSENT}`);
  describe(title, () => it.skip(ABSENT, () => undefined));
}

export interface Visit {
  readonly page: Page;
  /** Errors of the console and of scripts, and whatever the Content-Security-Policy stopped. */
  readonly complaints: string[];
  /** Removes cookies and storage. */
  end(): Promise<void>;
}

/** A page of a new browser. */
export async function visit(): Promise<Visit> {
  const profile = mkdtempSync(join(tmpdir(), 'inkreel-chromium-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /content security policy/i.test(message.text()))
      complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    page,
    complaints,
    async end() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
