import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { headerRefs, Sends } from '#libs/http/response-headers';

/**
 * For a route that answers with `serveObject`: what the OpenAPI document says of it.
 *
 *   @Get(':id/film.mp4')
 *   @ServesObject('The film.', ['video/mp4'])
 *
 * @param json the contract of what is JSON.
 */
export const ServesObject = (description: string, mediaTypes: string[], json?: Type): MethodDecorator => {
  const isText = mediaTypes.every((type) => /^text\/|subrip$/.test(type));
  const body = json ? { type: json } : { schema: { type: 'string', ...(!isText && { format: 'binary' }) } };
  return applyDecorators(
    ApiProduces(...mediaTypes),
    Sends('ETag', 'Cache-Control', 'Accept-Ranges'),
    ApiHeader({
      name: 'If-None-Match',
      description: 'The ETag you have: 304 when it is still the same.',
      schema: { type: 'string', example: '"3"' },
    }),
    ApiHeader({
      name: 'Range',
      description: 'A part of the bytes (RFC 9110).',
      schema: { type: 'string', example: 'bytes=0-1023' },
    }),
    ApiResponse({ status: 200, description, headers: headerRefs(['Content-Disposition']), ...body }),
    ApiResponse({
      status: 206,
      description: 'The part that Range asked for.',
      headers: headerRefs(['Content-Disposition', 'Content-Range']),
      schema: { type: 'string', format: 'binary' },
    }),
    ApiResponse({ status: 304, description: 'Not changed since the ETag in If-None-Match.' }),
  );
};
