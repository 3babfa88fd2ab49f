/** What a use case gets from its unit of work: one time, events that commit or roll back with its changes, and locks. */
import { setTimeout as wait } from 'node:timers/promises';
import { accountActor } from '#libs/kernel/actor';
import { Comment } from '../../src/comments/domain/comment.js';
import type { CommentRepository } from '../../src/comments/domain/ports.js';
import { InMemoryCommentRepository } from '../../src/comments/domain/ports.in-memory.js';
import { TypeormCommentRepository } from '../../src/comments/infrastructure/typeorm-comment.repository.js';
import { newId } from '#libs/kernel/id';
import { type Running, UNITS_OF_WORK } from '../support/units-of-work.js';

describe.each(UNITS_OF_WORK)('A unit of work $on', ({ start }) => {
  let running: Running<CommentRepository>;
  beforeAll(async () => {
    running = await start<CommentRepository>({
      inMemory: (unitOfWork) => new InMemoryCommentRepository(unitOfWork),
      postgres: (transaction) => new TypeormCommentRepository(transaction),
    });
  });
  afterAll(() => running.stop());

  const lit = (id: string) => ({ type: 'LampLit', v: 1, subject: { kind: 'lamp', id }, data: {} });
  const aComment = (): Comment =>
    Comment.post(accountActor({ id: newId(), role: 'reader' }), newId(), 'Lovely.', new Date()).comment;
  const bodyOf = (id: string): Promise<string> =>
    running.unitOfWork.run(async () => (await running.repositories.get(id)).snapshot().body);

  it('stores what it records with what it changes, and neither when it fails', async () => {
    const { unitOfWork, repositories, recorded } = running;
    const [kept, lost] = [aComment(), aComment()];
    await unitOfWork.run(async ({ record }) => {
      await repositories.save(kept);
      await record(lit('kept'));
    });
    expect([await bodyOf(kept.id), await recorded()]).toEqual(['Lovely.', ['kept']]);
    const failing = unitOfWork.run(async ({ record }) => {
      await repositories.save(lost);
      await record(lit('lost'));
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    await expect(bodyOf(lost.id)).rejects.toMatchObject({ code: 'comment-not-found' });
    expect(await recorded()).toEqual(['kept']);
  });

  it('is joined by those that run inside it, which get the same time; others see nothing of it before it commits', async () => {
    const { unitOfWork, recorded } = running;
    await unitOfWork.run(async ({ now }) => {
      await wait(5);
      await unitOfWork.run(async (inner) => {
        expect(inner.now).toBe(now);
        await inner.record(lit('inside'));
      });
      expect(await recorded()).not.toContain('inside');
    });
    expect(await recorded()).toContain('inside');
  });

  it('runs what was asked for after the commit, not when it failed, and at once where none is running', async () => {
    const { unitOfWork } = running;
    const seen: string[] = [];
    await unitOfWork.run(async () => {
      unitOfWork.afterCommit(() => seen.push('after'));
      seen.push('inside');
    });
    const failing = unitOfWork.run(async () => {
      unitOfWork.afterCommit(() => seen.push('never'));
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    unitOfWork.afterCommit(() => seen.push('at once'));
    expect(seen).toEqual(['inside', 'after', 'at once']);
  });

  it('refuses a change outside of any', async () => {
    const comment = aComment();
    const outside = async (): Promise<void> => running.repositories.save(comment);
    await expect(outside()).rejects.toThrow('Only a unit of work may change things');
  });

  it('waits for a row that another one holds, and then sees what that one committed', async () => {
    const { unitOfWork, repositories } = running;
    const comment = aComment();
    await unitOfWork.run(() => repositories.save(comment));
    let begin!: () => void;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const first = unitOfWork.run(async () => {
      const held = await repositories.get(comment.id);
      begin();
      await wait(50);
      await repositories.save(Comment.restore({ ...held.snapshot(), body: 'Changed.' }));
    });
    await begun;
    expect(await bodyOf(comment.id)).toBe('Changed.');
    await first;
  });
});
