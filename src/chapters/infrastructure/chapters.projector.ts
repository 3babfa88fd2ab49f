import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LiveProjections } from '#libs/live/live-projections';
import { ACCESS_CHANGED } from '#libs/kernel/live';
import type { NewLiveEvent } from '#libs/live/stream-appender';
import type {
  ChapterDeleted,
  ChapterPublished,
  ChapterPutBack,
  ChapterRestored,
  ChapterTakenDown,
  ChapterUnpublished,
} from '../domain/chapter.js';
import type {
  MemberRemoved,
  MemberRoleChanged,
  WorkDeleted,
  WorkPutBack,
  WorkRestored,
  WorkTakenDown,
  WorkTransferred,
} from '../domain/work.js';

/** What listeners to `chapter:<id>` are told of the chapter itself. */
@Injectable()
export class ChaptersProjector implements OnModuleInit {
  constructor(private readonly projections: LiveProjections) {}

  onModuleInit(): void {
    const ofChapter = ({ subject }: ChapterFact): NewLiveEvent[] => [accessChanged(subject.id)];
    const ofWork = ({ data }: WorkFact): NewLiveEvent[] => data.chapters.map(accessChanged);
    this.projections.register<ChapterPublished | ChapterFact | WorkFact>({
      ChapterPublished: ({ subject, data }) => [
        { stream: `chapter:${subject.id}`, type: 'chapter.published', body: { revision: data.revision } },
      ],
      ChapterUnpublished: ofChapter,
      ChapterDeleted: ofChapter,
      ChapterRestored: ofChapter,
      ChapterTakenDown: ofChapter,
      ChapterPutBack: ofChapter,
      WorkDeleted: ofWork,
      WorkRestored: ofWork,
      WorkTakenDown: ofWork,
      WorkPutBack: ofWork,
    });
    // members follow what others do not, such as films that are being made
    const ofMember = ({ data }: MemberRemoved | MemberRoleChanged) => ({ accountId: data.accountId });
    this.projections.registerAccess<MemberRemoved | MemberRoleChanged | WorkTransferred>({
      MemberRemoved: ofMember,
      MemberRoleChanged: ofMember,
      WorkTransferred: ({ data }) => ({ accountId: data.from }),
    });
  }
}

/** Listeners who may not read the chapter now are sent away, and every web process looks again whether it is published. */
const accessChanged = (chapterId: string): NewLiveEvent => ({ stream: `chapter:${chapterId}`, type: ACCESS_CHANGED, body: {} });

type ChapterFact = ChapterUnpublished | ChapterDeleted | ChapterRestored | ChapterTakenDown | ChapterPutBack;
type WorkFact = WorkDeleted | WorkRestored | WorkTakenDown | WorkPutBack;
