import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a stream has come. Its row lock, held to the end of the appending transaction, is what orders the stream. */
@Entity({ schema: 'live', name: 'stream' })
export class StreamRow {
  /** `<kind>:<id>` */
  @PrimaryColumn('text') key!: string;
  @Column('bigint') head!: number;
}

@Entity({ schema: 'live', name: 'event' })
export class StreamEventRow {
  @PrimaryColumn('text') key!: string;
  @PrimaryColumn('bigint') seq!: number;
  @Column('text') type!: string;
  /** `json`, not `jsonb`: it is passed on as the text it is and never searched. */
  @Column('json') body!: object;
  /** When it took its number, by Postgres's clock: never falls within a stream. */
  @Column('timestamptz') at!: Date;
}
