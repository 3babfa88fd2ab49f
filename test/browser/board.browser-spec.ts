/** The job board as an admin reaches it: by the form at /admin, with a cookie and no script of that page. */
import { signUp, type Stack, startStack } from '../support/stack.js';
import type { Person } from '../support/people.js';
import { describeInChromium, type Visit, visit } from './chromium.js';

describeInChromium('The job board at /admin/queues', () => {
  let stack: Stack;
  let admin: Person;
  let reader: Person;
  let browser: Visit;
  beforeAll(async () => {
    stack = await startStack({ workers: 1 });
    [admin, reader] = [await signUp(stack, { role: 'admin' }), await signUp(stack, { role: 'reader' })];
  });
  beforeEach(async () => (browser = await visit()));
  afterEach(() => browser?.end());

  const at = (path: string): string => stack.webs[0].url + path;

  async function signIn({ email, password }: Person): Promise<void> {
    const { page } = browser;
    await page.goto(at('/admin'));
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await Promise.all([page.waitForEvent('framenavigated'), page.getByRole('button', { name: 'Sign in' }).click()]);
    await page.waitForLoadState('load');
  }

  it('sends a visitor to the form first', async () => {
    await browser.page.goto(at('/admin/queues'));
    expect(new URL(browser.page.url()).pathname).toBe('/admin');
    expect(browser.complaints).toEqual([]);
  });

  it('shows an admin its queues, without an error in the console', async () => {
    await signIn(admin);
    const { page } = browser;
    await page.getByRole('link', { name: 'Job board' }).click();
    await page.waitForURL((url) => url.pathname === '/admin/queues');
    const answer = await page.request.get(at('/admin/queues/api/queues'));
    const { queues } = (await answer.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues.length).toBeGreaterThan(1);
    for (const { name } of queues) await page.getByText(name, { exact: true }).first().waitFor();
    await page.getByText(queues[0].name, { exact: true }).first().click();
    await page.waitForURL((url) => url.pathname.startsWith('/admin/queues/queue/'));
    await page.waitForLoadState('networkidle');
    expect(queues.map(({ readOnlyMode }) => readOnlyMode)).toEqual(queues.map(() => true));
    expect(browser.complaints).toEqual([]);
  });

  it('keeps the cookie from scripts and from other sites', async () => {
    await signIn(admin);
    const cookies = await browser.page.context().cookies();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict', path: '/admin' }]);
    expect(await browser.page.evaluate('document.cookie')).toBe('');
  });

  it('refuses a reader, who gets no cookie', async () => {
    await signIn(reader);
    expect(await browser.page.locator('body').innerText()).toContain('for admins');
    expect(await browser.page.context().cookies()).toEqual([]);
    await browser.page.goto(at('/admin/queues'));
    expect(new URL(browser.page.url()).pathname).toBe('/admin');
  });
});
