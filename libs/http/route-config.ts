import { RouteConfig } from '@nestjs/platform-fastify';

/** Adds to what Fastify's hooks read at `route.config`. Nest's own RouteConfig keeps only the outermost of several marks. */
export const RouteOption = (option: Readonly<Record<string, unknown>>): MethodDecorator => {
  const { KEY } = RouteConfig({});
  return (target, name, descriptor) => {
    const before = Reflect.getMetadata(KEY, descriptor.value as object) as object | undefined;
    RouteConfig({ ...before, ...option })(target, name, descriptor);
  };
};
