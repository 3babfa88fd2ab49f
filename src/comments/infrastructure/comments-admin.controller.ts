import { Body, Controller, Delete, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { presentTakeDown, TakeDownBody, TakeDownResponse } from '#libs/http/take-down.contract';
import type { Actor } from '#libs/kernel/actor';
import { Commenting } from '../application/commenting.js';

/** Comments as admins manage them. */
@ApiTags('admin')
@Controller('v1/admin/comments')
export class CommentsAdminController {
  constructor(private readonly commenting: Commenting) {}

  /**
   * Take a comment down. Readers see a deleted comment, also where live events are replayed; its author and admins still see the
   * words, and `takenDown` with the reason. Recorded as `CommentTakenDown`.
   */
  @Post(':id/take-down')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('admin')
  async takeDownComment(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: TakeDownBody,
  ): Promise<TakeDownResponse> {
    return { id, takenDown: presentTakeDown(await this.commenting.takeDown(actor, id, reason))! };
  }

  /** Put a comment back that was taken down. Recorded as `CommentPutBack`. */
  @Delete(':id/take-down')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('admin')
  putBackComment(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.commenting.putBack(actor, id);
  }
}
