/** A person, work or chapter that an event is about. */
export class NamedSubject {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  id!: string;
  /** @example "The Lamplighter of Quay Street" */
  name!: string;
  /**
   * Where it is in the API.
   * @example /v1/works/0197f0f6-3a51-7b3e-8b62-0a4be0d3f002
   */
  href!: string;
}

export class EventContext {
  author!: NamedSubject | null;
  work!: NamedSubject | null;
  chapter!: NamedSubject | null;
}

/**
 * Names for the ids in an event's `about`, so that admins see whose job failed. `src/event-subjects.ts` asks the modules.
 *
 * @example const contexts = await subjects.find(['0197f0f6-3a51-7b3e-8b62-0a4be0d3f001']);
 */
export abstract class EventSubjects {
  /** By id of a work or chapter, with what stands above it. Other ids, also of what was deleted, are left out. */
  abstract find(ids: readonly string[]): Promise<Map<string, EventContext>>;
}
