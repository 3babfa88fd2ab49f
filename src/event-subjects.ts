/** Names for what events are about, asked of the modules that know them: libs/events knows no module. */
import { Global, Injectable, Module } from '@nestjs/common';
import { type EventContext, EventSubjects } from '#libs/events/event-subjects.contract';
import { Accounts, AuthModule } from './auth/index.js';
import { ChaptersModule, Titles } from './chapters/index.js';

@Injectable()
class SubjectsOfModules extends EventSubjects {
  constructor(
    private readonly accounts: Accounts,
    private readonly titles: Titles,
  ) {
    super();
  }

  async find(ids: readonly string[]): Promise<Map<string, EventContext>> {
    const titles = await this.titles.find(ids);
    const authors = await this.accounts.summaries(titles.map(({ authorId }) => authorId));
    return new Map(
      titles.map(({ id, authorId, workId, workTitle, chapterTitle }) => {
        const author = authors.get(authorId);
        return [
          id,
          {
            author: author ? { id: authorId, name: author.name, href: `/v1/admin/accounts/${authorId}` } : null,
            work: { id: workId, name: workTitle, href: `/v1/works/${workId}` },
            chapter: chapterTitle === null ? null : { id, name: chapterTitle, href: `/v1/chapters/${id}` },
          },
        ];
      }),
    );
  }
}

@Global()
@Module({
  imports: [AuthModule, ChaptersModule],
  providers: [{ provide: EventSubjects, useClass: SubjectsOfModules }],
  exports: [EventSubjects],
})
export class EventSubjectsModule {}
