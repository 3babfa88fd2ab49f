import { Body, Controller, Delete, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { presentTakeDown, TakeDownBody, TakeDownResponse } from '#libs/http/take-down.contract';
import type { Actor } from '#libs/kernel/actor';
import { TakingDownFilms } from '../application/taking-down-films.js';

/** Films as admins manage them. */
@ApiTags('admin')
@Controller('v1/admin/renditions')
export class RenditionsAdminController {
  constructor(private readonly takingDown: TakingDownFilms) {}

  /**
   * Take a film down. To readers there is no such film, and its files and all links to them are refused (links of S3 itself within a
   * minute); those who work on the chapter still see its state, with the reason, and admins its files. No other film of the same
   * revision can be asked for until it is put back. Recorded as `RenditionTakenDown`.
   */
  @Post(':id/take-down')
  @RateLimit('write')
  @HttpCode(200)
  @Scope('admin')
  async takeDownRendition(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: TakeDownBody,
  ): Promise<TakeDownResponse> {
    return { id, takenDown: presentTakeDown(await this.takingDown.takeDown(actor, id, reason))! };
  }

  /** Put a film back that was taken down. Recorded as `RenditionPutBack`. */
  @Delete(':id/take-down')
  @RateLimit('write')
  @HttpCode(204)
  @Scope('admin')
  putBackRendition(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.takingDown.putBack(actor, id);
  }
}
