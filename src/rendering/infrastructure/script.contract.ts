import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import { MaxItems } from '#libs/http/max-items';
import { FromDigits, MAX_INT4 } from '#libs/http/whole-number';
import { MAX_ENTRIES } from '../domain/lexicon.js';
import { LONGEST_PAUSE } from '../domain/script.js';

const LONGEST_TEXT = 5_000;

/** class-validator's own `maxDecimalPlaces` breaks on a number written with an exponent. */
const InMilliseconds = (): PropertyDecorator =>
  ValidateBy({
    name: 'inMilliseconds',
    validator: {
      validate: (value: unknown) => typeof value === 'number' && Number(value.toFixed(3)) === value,
      defaultMessage: () => '$property must be a number of seconds with at most three decimal places',
    },
  });

/** What is otherwise with one block; a field that is missing or null leaves it as the prose has it. */
export class ScriptEntryBody {
  /**
   * Other words for the voice. The captions stay as the prose has them.
   * @example "Chapter five. The storm."
   */
  @IsOptional() @IsString() @MaxLength(LONGEST_TEXT) say?: string | null;
  /**
   * Other words for the captions. The voice stays with the prose.
   * @example "V: The Storm"
   */
  @IsOptional() @IsString() @MaxLength(LONGEST_TEXT) show?: string | null;
  /**
   * Leave the block out of the film.
   * @example false
   */
  @IsOptional() @IsBoolean() skip?: boolean | null;
  /**
   * Seconds of silence after it, beyond the usual.
   * @example 1.5
   */
  @ApiProperty({ format: 'double' }) @IsOptional() @IsNumber() @InMilliseconds() @Min(0) @Max(LONGEST_PAUSE) pause?:
    number | null;
  /**
   * sha256 of a picture of the work (`POST /v1/works/{id}/pictures`), instead of the cover.
   * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
   */
  @IsOptional() @Matches(/^[0-9a-f]{64}$/, { message: 'picture must be the sha256 that its upload answered' }) picture?:
    string | null;
  /**
   * Who speaks this block: see `GET /v1/voices`.
   * @example flite:slt
   */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(120) voice?: string | null;
  /**
   * Raise it to have the voice speak the block anew. Embedded voices say the same twice; voices of a speech server may not.
   * @example 2
   */
  @IsOptional() @IsInt() @Min(0) @Max(1_000_000) take?: number | null;
}

export class DetachedEntry {
  /**
   * Id of the block; see `GET /v1/chapters/{id}/draft`.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f004
   */
  block!: string;
  /** @example "Chapter five. The storm." */
  say?: string;
  /** @example "V: The Storm" */
  show?: string;
  /** @example false */
  skip?: boolean;
  /** @example 1.5 */
  @ApiProperty({ format: 'double' })
  pause?: number;
  /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
  picture?: string;
  /** @example flite:slt */
  voice?: string;
  /** @example 2 */
  take?: number;
}

export class ScriptEntry extends DetachedEntry {
  /**
   * What the block reads in this revision.
   * @example "The lamp had been lit since before the harbour froze."
   */
  text!: string;
}

export class ScriptResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  chapterId!: string;
  /**
   * The revision whose blocks the entries belong to.
   * @example 1
   */
  revision!: number;
  /**
   * Also the ETag: send it as If-Match with the next change. 0: nothing was written yet.
   * @example 1
   */
  version!: number;
  /** In the order of the blocks. */
  entries!: ScriptEntry[];
  /** Entries whose block this revision does not have. They count again when it comes back. */
  detached!: DetachedEntry[];
}

export class ScriptQuery {
  /**
   * Whose blocks decide what is detached; without it the newest revision's.
   * @example 1
   */
  @OptionalNotNull()
  @FromDigits()
  @IsInt()
  @Min(1)
  @Max(MAX_INT4)
  revision?: number;
}

export class LexiconEntryBody {
  /**
   * As it stands in the text: whole words in spaced scripts, any run of characters in Chinese.
   * @example Siobhán
   */
  @IsString() @MinLength(1) @MaxLength(80) written!: string;
  /**
   * How to say it: a respelling, or in Chinese characters that sound right, or pinyin with tones (`chong2 qing4`).
   * @example Shivawn
   */
  @IsString() @MinLength(1) @MaxLength(160) spoken!: string;
  /**
   * Only in films of this language.
   * @example en
   */
  @OptionalNotNull()
  @Matches(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, { message: 'language must be a BCP 47 tag like en or zh' })
  language?: string;
  /**
   * Without it `polish` and `Polish` are one word.
   * @example false
   */
  @OptionalNotNull() @IsBoolean() caseSensitive?: boolean;
}

export class LexiconBody {
  /** All of it: what is left out is gone. The longest entry that fits counts. */
  @IsArray()
  @MaxItems(MAX_ENTRIES)
  @ValidateNested({ each: true })
  @Type(() => LexiconEntryBody)
  entries!: LexiconEntryBody[];
}

export class LexiconResponse {
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002 */
  workId!: string;
  /**
   * Also the ETag. Each change is a new version and every version stays, as films name theirs.
   * @example 1
   */
  version!: number;
  entries!: LexiconEntryBody[];
  /** When this version came; null for the empty one that every work begins with. */
  @ApiProperty({ type: Date, nullable: true }) createdAt!: Date | null;
}

export class PictureResponse {
  /**
   * The name of the picture in a script.
   * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
   */
  sha256!: string;
}
