/** Every refusal of signing in, staying signed in and signing out. How tokens replace each other is in signing-in.spec.ts. */
import { accountActor } from '#libs/kernel/actor';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { inMemoryAuth, PASSWORD } from '../index.in-memory.js';

const root = accountActor({ id: 'root', role: 'admin' });
const NOBODY = 'nobody';

function setUp() {
  const unitOfWork = new InMemoryUnitOfWork();
  return { unitOfWork, ...inMemoryAuth(unitOfWork) };
}

describe('Somebody who signs in', () => {
  it('gets tokens, and a session that is recorded', async () => {
    const { signingIn, person, sessions, unitOfWork } = setUp();
    const { id } = await person('bob');
    const issued = await signingIn.signIn(' BOB@example.org', PASSWORD, 'Firefox');
    const [session] = sessions.rows.all();
    expect(session).toMatchObject({ accountId: id, device: 'Firefox', generation: 1 });
    expect(issued).toMatchObject({ accessToken: `access of ${id}`, refreshToken: `${session.id} 1`, account: { id } });
    expect(unitOfWork.events.at(-1)).toMatchObject({ type: 'SessionStarted', data: { session: session.id } });
  });

  it.each([
    ['an unknown e-mail', 'eve@example.org', PASSWORD, 'wrong-email-or-password'],
    ['a wrong password', 'bob@example.org', 'a lantern put out', 'wrong-email-or-password'],
    ['a suspended account', 'spam@example.org', PASSWORD, 'account-suspended'],
  ])('is refused %s, also at the admin pages', async (_, email, password, code) => {
    const { signingIn, managing, person, sessions } = setUp();
    await person('bob', 'admin');
    await managing.suspend(root, (await person('spam', 'admin')).id, 'Spam.');
    await expect(signingIn.signIn(email, password, '')).rejects.toMatchObject({ code });
    await expect(signingIn.signInAdmin(email, password, '')).rejects.toMatchObject({ code });
    expect(sessions.rows.all()).toEqual([]);
  });

  it('is refused the admin pages without being an admin', async () => {
    const { signingIn, person } = setUp();
    await person('mod', 'moderator');
    await person('root', 'admin');
    const enter = (name: string) => signingIn.signInAdmin(`${name}@example.org`, PASSWORD, '');
    await expect(enter('mod')).rejects.toMatchObject({ code: 'only-admins-enter' });
    expect((await enter('root')).generation).toBe(1);
  });
});

describe('Somebody who is signed in', () => {
  const HOURS = 3_600_000;
  async function signedIn() {
    const world = setUp();
    const actor = await world.person('bob');
    const { refreshToken } = await world.signingIn.signIn('bob@example.org', PASSWORD, '');
    const later = (ms: number): void => void (world.unitOfWork.now = new Date(world.unitOfWork.now.getTime() + ms));
    return { ...world, actor, refreshToken, sessionId: refreshToken.split(' ')[0], later };
  }

  it('is refused a refresh with a token that is none, and after the session ended or expired', async () => {
    const { signingIn, refreshToken, sessionId, later } = await signedIn();
    const refused = { code: 'session-over' };
    for (const token of ['', 'none', `${NOBODY} 1`, `${sessionId} 9`])
      await expect(signingIn.refresh(token)).rejects.toMatchObject(refused);
    later(30 * 24 * HOURS);
    await expect(signingIn.refresh(refreshToken)).rejects.toMatchObject(refused);
    await expect(signingIn.accessOf(sessionId)).rejects.toMatchObject(refused);
  });

  it('is signed out when a token comes again that was replaced before, and the refusal leaves it ended', async () => {
    const { signingIn, refreshToken, sessionId, later, sessions } = await signedIn();
    await signingIn.refresh(refreshToken);
    later(31_000);
    await expect(signingIn.refresh(refreshToken)).rejects.toMatchObject({ code: 'refresh-token-replayed' });
    expect(sessions.rows.get(sessionId)).toMatchObject({ endedBecause: 'token-replayed' });
    await expect(signingIn.refresh(`${sessionId} 2`)).rejects.toMatchObject({ code: 'session-over' });
  });

  it('gets an access token for an open session, and none for one that is not there or was signed out', async () => {
    const { signingIn, refreshToken, sessionId, actor } = await signedIn();
    expect(await signingIn.accessOf(sessionId)).toEqual({ accessToken: `access of ${actor.id}`, expiresIn: 600 });
    await expect(signingIn.accessOf(NOBODY)).rejects.toMatchObject({ code: 'session-over' });
    await signingIn.signOut(refreshToken);
    await signingIn.signOut(refreshToken);
    await signingIn.signOut('none');
    await expect(signingIn.accessOf(sessionId)).rejects.toMatchObject({ code: 'session-over' });
  });

  it('ends a session of their own, and is told of none of somebody else', async () => {
    const { signingIn, sessionId, actor, sessions, person } = await signedIn();
    const eve = await person('eve');
    await expect(signingIn.endOwn(eve, sessionId)).rejects.toMatchObject({ code: 'session-not-found' });
    await expect(signingIn.endOwn(actor, NOBODY)).rejects.toMatchObject({ code: 'session-not-found' });
    await signingIn.endOwn(actor, sessionId);
    expect(sessions.rows.get(sessionId)).toMatchObject({ endedBecause: 'ended-by-owner' });
  });
});
