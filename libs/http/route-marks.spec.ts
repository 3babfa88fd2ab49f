import 'reflect-metadata';
import { Controller, Get, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Authenticated, Public, Scope } from './access.js';
import { RouteMarks } from './route-marks.js';

@Controller('lamps')
class Marked {
  @Get()
  @Public()
  list(): void {}
  @Get('mine')
  @Authenticated()
  mine(): void {}
  @Post()
  @Scope('chapters:write')
  light(): void {}
}

@Controller('doors')
class Forgotten {
  @Get('back')
  open(): void {}
  /** No route. */
  helper(): void {}
}

const start = async (...controllers: (new () => object)[]) =>
  (await Test.createTestingModule({ controllers, providers: [RouteMarks] }).compile()).init();

describe('A process with a route that has no access mark', () => {
  it('does not start, and says which route it is', async () => {
    await expect(start(Marked, Forgotten)).rejects.toThrow(/: GET back \(Forgotten\.open\)$/);
  });
  it('starts once every route has one', async () => {
    await expect(start(Marked)).resolves.toBeDefined();
  });
});

it('A route cannot have two access marks', () => {
  expect(() => {
    class Torn {
      @Public()
      @Scope('admin')
      open(): void {}
    }
    return Torn;
  }).toThrow('Torn.open has two access marks');
});
