import { Injectable } from '@nestjs/common';
import { Chapters } from '../../chapters/index.js';

@Injectable()
export class Asking {
  constructor(readonly chapters: Chapters) {}
}
