import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize } from 'class-validator';

/** The longest a list of a request may be: for class-validator, and for the OpenAPI document, where its plugin knows only other marks. */
export const MaxItems = (most: number): PropertyDecorator => applyDecorators(ArrayMaxSize(most), ApiProperty({ maxItems: most }));
