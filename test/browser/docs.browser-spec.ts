/** Swagger UI as a developer uses it, under the Content-Security-Policy of production. */
import type { Locator } from 'playwright-core';
import { begunChapter, signUp, type Stack, startStack } from '../support/stack.js';
import type { Person } from '../support/people.js';
import { describeInChromium, type Visit, visit } from './chromium.js';

describeInChromium('Swagger UI at /docs', () => {
  let stack: Stack;
  let mira: Person;
  let browser: Visit;
  beforeAll(async () => {
    stack = await startStack({ workers: 0 });
    mira = await signUp(stack, { role: 'author', name: 'Mira' });
    browser = await visit();
  });
  afterAll(() => browser?.end());

  /** One operation, opened and ready to be tried out. */
  async function tried(method: string, path: string): Promise<Locator> {
    const operation = browser.page.locator(`.opblock-${method}`, {
      has: browser.page.locator(`.opblock-summary-path[data-path="${path}"]`),
    });
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    return operation;
  }

  async function executed(operation: Locator): Promise<{ status: number; body: Record<string, unknown> }> {
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table tbody .response').first();
    await answer.waitFor();
    const [status, body] = await Promise.all([
      answer.locator('.response-col_status').innerText(),
      answer.locator('.highlight-code code, .highlight-code pre').first().innerText(),
    ]);
    return { status: Number.parseInt(status, 10), body: JSON.parse(body) as Record<string, unknown> };
  }

  it('is found from the page at /, which shows what is published and gives clients the same links as JSON', async () => {
    const { url } = stack.webs[0];
    await begunChapter(mira, { markdown: 'The lamp was lit.', publish: true });
    await browser.page.goto(`${url}/`);
    await browser.page.getByText('The Lamplighter of Quay Street').waitFor();
    await browser.page.getByRole('link', { name: 'Swagger UI' }).click();
    await browser.page.locator('.opblock').first().waitFor();
    expect(browser.page.url()).toBe(`${url}/docs`);
    expect(browser.complaints).toEqual([]);
    const { headers, body } = await stack.api.get<{ links: Record<string, string> }>('/');
    expect(headers['content-type']).toContain('application/json');
    for (const name of ['works', 'documentation', 'openapi', 'health'])
      expect((await stack.api.get(body.links[name])).status).toBe(200);
  });

  it('shows every module and serves itself with its own scripts only', async () => {
    const answer = await browser.page.goto(`${stack.webs[0].url}/docs`);
    expect(answer?.headers()['content-security-policy']).toContain("script-src 'self';");
    await browser.page.locator('.opblock').first().waitFor();
    const tags = await browser.page.locator('.opblock-tag').allInnerTexts();
    expect(tags.map((tag) => /^\w+/.exec(tag)?.[0])).toEqual(['auth', 'works', 'chapters', 'comments', 'films', 'live', 'admin']);
    expect(browser.complaints).toEqual([]);
  });

  it('refuses /v1/me before sign-in', async () => {
    const operation = await tried('get', '/v1/me');
    expect(await executed(operation)).toMatchObject({ status: 401, body: { title: expect.any(String) } });
    browser.complaints.length = 0; // a refused call is an error of the console, too
  });

  it('signs in, is authorised with the token, and then /v1/me answers 200 with the account', async () => {
    const { page } = browser;
    await page.goto('about:blank'); // a mere reload would keep the address of the operation opened last, and open it again
    await page.goto(`${stack.webs[0].url}/docs`);
    const signIn = await tried('post', '/v1/sessions');
    await signIn
      .locator('textarea')
      .first()
      .fill(JSON.stringify({ email: mira.email, password: mira.password }));
    const session = await executed(signIn);
    expect(session.status).toBe(201);

    await page.locator('.btn.authorize').first().click();
    const dialog = page.locator('.dialog-ux');
    await dialog.locator('input').first().fill(String(session.body.accessToken));
    await dialog.locator('.auth-btn-wrapper .authorize').click();
    await dialog.locator('.btn-done').click();

    const me = await executed(await tried('get', '/v1/me'));
    expect(me).toMatchObject({ status: 200, body: { id: mira.id, email: mira.email, role: 'author' } });
    expect(browser.complaints).toEqual([]);
  });

  it('needs no second sign-in after an admin signed in at /admin, and stores no token in the browser', async () => {
    const { page } = browser;
    const admin = await signUp(stack, { role: 'admin' });
    await page.goto(`${stack.webs[0].url}/admin`);
    await page.getByLabel('E-mail').fill(admin.email);
    await page.getByLabel('Password').fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Swagger UI' }).click();
    const accounts = await executed(await tried('get', '/v1/admin/accounts'));
    expect(accounts).toMatchObject({ status: 200, body: { items: expect.any(Array) } });
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).toBe(
      '[{},{},""]',
    );
    expect(browser.complaints).toEqual([]);
  });
});
