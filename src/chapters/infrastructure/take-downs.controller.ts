import { Body, Controller, Delete, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { presentTakeDown, TakeDownBody, TakeDownResponse } from '#libs/http/take-down.contract';
import type { Actor } from '#libs/kernel/actor';
import { TakingDown } from '../application/taking-down.js';

/** What an admin hides from readers. */
@ApiTags('admin')
@Controller('v1/admin')
export class TakeDownsController {
  constructor(private readonly takingDown: TakingDown) {}

  /**
   * Take down a work: readers see neither it nor its chapters, comments and films. Its owner and editors still see it, with the
   * reason, and cannot publish. Recorded as `WorkTakenDown` with the reason.
   */
  @Post('works/:id/take-down')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('admin')
  async takeDownWork(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: TakeDownBody,
  ): Promise<TakeDownResponse> {
    return { id, takenDown: presentTakeDown(await this.takingDown.takeDownWork(actor, id, reason))! };
  }

  /** Put back a work that was taken down: readers see it as before. Recorded as `WorkPutBack`. */
  @Delete('works/:id/take-down')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('admin')
  async putBackWork(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.takingDown.putBackWork(actor, id);
  }

  /**
   * Take down a chapter: readers see neither it nor its comments and films. The owner and editors of its work still see it, with
   * the reason, and cannot publish it. Recorded as `ChapterTakenDown` with the reason.
   */
  @Post('chapters/:id/take-down')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('admin')
  async takeDownChapter(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: TakeDownBody,
  ): Promise<TakeDownResponse> {
    return { id, takenDown: presentTakeDown(await this.takingDown.takeDownChapter(actor, id, reason))! };
  }

  /** Put back a chapter that was taken down: readers see it as before. Recorded as `ChapterPutBack`. */
  @Delete('chapters/:id/take-down')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('admin')
  async putBackChapter(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    await this.takingDown.putBackChapter(actor, id);
  }
}
