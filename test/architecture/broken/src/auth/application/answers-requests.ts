import { HttpException, Injectable } from '@nestjs/common';

@Injectable()
export class Answering {
  answer(): never {
    throw new HttpException('no', 403);
  }
}
