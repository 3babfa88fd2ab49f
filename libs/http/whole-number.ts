/**
 * Whole numbers in addresses. `Number('1e300')`, `Number('0x10')` and `Number('')` are numbers too, and a number that is larger
 * than its column is an error of Postgres: both are refused here.
 */
import { Injectable, type PipeTransform } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { BadRequest } from './problems.js';

/** The largest value of a column of type integer. */
export const MAX_INT4 = 2_147_483_647;

/** For a property of a query class: digits become a number, anything else stays text and `@IsInt()` refuses it. */
export const FromDigits = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value));

/** For a path parameter: `@Param('number', WholeNumberPipe) number: number`, from 0 to the largest integer of Postgres. */
@Injectable()
export class WholeNumberPipe implements PipeTransform<string | number, number> {
  transform(value: string | number): number {
    // the global validation pipe has made a number of it already
    const number = Number(value);
    if (Number.isInteger(number) && number >= 0 && number <= MAX_INT4) return number;
    throw new BadRequest('bad-number', `The number in the path must be a whole number from 0 to ${MAX_INT4}.`);
  }
}
