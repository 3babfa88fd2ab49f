/**
 * Demo content for an empty installation: accounts and two short works, made through the same use cases that the API calls. `npm
 * start` runs it on its own database, never on a given one. Running it again adds what is missing.
 *
 * DEMO_ACCOUNTS_FILE: JSON, `[{ "name", "email", "password", "role" }]`, written once by the starter.
 */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { accountActor, type Actor, type Role } from '#libs/kernel/actor';
import { createLog, NestLog } from '#libs/logging/log';
import { readConfig } from '#libs/operations/process';
import { FOUNDATION } from './app.module.js';
import { AuthModule, ManagingAccounts } from './auth/index.js';
import { Chapters, ChaptersModule, ManagingWorks, readManuscript, Writing } from './chapters/index.js';
import { Commenting, CommentsModule } from './comments/index.js';

@Module({ imports: [...FOUNDATION, AuthModule, ChaptersModule, CommentsModule] })
class SeedModule {}

interface DemoAccount {
  name: string;
  email: string;
  password: string;
  role: Role;
}

/** Comments of the demo readers, by the words they quote. */
const REMARKS: Record<string, { quote: string; says: string; answer?: string }[]> = {
  en: [
    {
      quote: 'like a drawer',
      says: 'I read this line three times. It sounds exactly like that.',
      answer: 'And it is gone before you can step back.',
    },
    { quote: 'at nine minutes past', says: 'One minute. The whole story is in that minute.' },
  ],
  zh: [
    { quote: '船进不来', says: '开头就这么冷清，喜欢。', answer: '往下看，雾里有人。' },
    { quote: '那是他自己的名字', says: '看到这里起了鸡皮疙瘩。' },
  ],
};

const config = readConfig();
const accounts = JSON.parse(readFileSync(config.demoAccountsFile ?? '', 'utf8')) as DemoAccount[];
const app = await NestFactory.createApplicationContext(SeedModule, {
  logger: new NestLog(createLog(config, 'seed')),
  abortOnError: false,
});
try {
  const people: Actor[] = [];
  let isNew = false;
  for (const account of accounts) {
    const known = await app.get(ManagingAccounts).find(account.email);
    isNew ||= !known;
    people.push(known ?? accountActor(await app.get(ManagingAccounts).appoint(account)));
  }
  const [mira, linmo = mira] = people.filter(({ role }) => role === 'author');
  const reader = people.find(({ role }) => role === 'reader') ?? mira;
  if (isNew) {
    await seedWork('en', mira, reader);
    await seedWork('zh', linmo, reader);
  }
} finally {
  await app.close();
}

async function seedWork(language: string, author: Actor, reader: Actor): Promise<void> {
  const source = readFileSync(resolve('seed', `${language}.md`), 'utf8');
  const manuscript = readManuscript(source, 'markdown', language);
  const workId = await app.get(ManagingWorks).create(author, { title: manuscript.title ?? language, language });
  const { chapters } = await app.get(Writing).import(author, workId, { text: source, format: 'markdown', language });
  const chapterIds = chapters.map(({ id }) => id);
  for (const id of chapterIds) await app.get(Writing).publish(author, id, undefined);
  const [first] = chapterIds;
  const blocks = await app.get(Chapters).blocks(first, 1);
  for (const { quote, says, answer } of REMARKS[language]) {
    const block = blocks.find(({ text }) => text.includes(quote));
    if (!block) continue;
    const comment = await app.get(Commenting).post(reader, first, says, { block: block.id, quote: { exact: quote } });
    if (answer) await app.get(Commenting).reply(author, comment, answer);
  }
}
