import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { FileStore } from './file-store.js';
import { LinkGuards } from './link-guards.js';
import { ObjectStore } from './object-store.js';
import { ObjectsController } from './objects.controller.js';
import { linkSecret, SignedUrls } from './signed-urls.js';

/** One `ObjectStore` for web and worker: S3 where the configuration names a bucket, else the folder `objects` of the home. */
@Global()
@Module({
  providers: [
    LinkGuards,
    { provide: SignedUrls, useFactory: (config: Config) => new SignedUrls(linkSecret(config.signingKey)), inject: [Config] },
    {
      provide: ObjectStore,
      useFactory: async (config: Config, links: SignedUrls): Promise<ObjectStore> => {
        if (!config.s3) return FileStore.open(join(config.home, 'objects'), links);
        // Loaded only when used: the SDK takes a third of a second to load.
        const { S3Store } = await import('./s3-store.js');
        return new S3Store(config.s3, config.s3.links === 'guarded' ? links : undefined);
      },
      inject: [Config, SignedUrls],
    },
  ],
  exports: [LinkGuards, ObjectStore, SignedUrls],
})
export class StorageModule {}

/** For the web process: the route that signed links lead to. */
@Module({ controllers: [ObjectsController] })
export class ObjectLinksModule {}
