/**
 * Every environment variable that Inkreel reads. The table is checked once at start, and all mistakes are reported together, each
 * with what would be right (12-factor III). No other file reads `process.env`.
 */
import { createPrivateKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type RateBudgets, readRateLimits } from './rate-limits.js';
import { DEVELOPMENT_ORIGINS, notOrigins } from './web-origins.js';

/** All errors of one environment, to print line by line and leave with exit code 1. */
export class BadConfiguration extends Error {
  constructor(readonly problems: string[]) {
    super(`The configuration has ${problems.length} mistake(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`);
  }
}

type Environment = Record<string, string | undefined>;

class Reader {
  readonly problems: string[] = [];
  constructor(private readonly env: Environment) {}

  text(name: string, fallback?: string): string {
    const value = this.env[name]?.trim() || fallback;
    if (value === undefined) this.problems.push(`${name} is not set. ${VARIABLES[name] ?? ''}`.trim());
    return value ?? '';
  }

  optional(name: string): string | undefined {
    return this.env[name]?.trim() || undefined;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.optional(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    this.problems.push(`${name}=${text} is not a whole number from ${min} to ${max}.`);
    return fallback;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.optional(name) ?? fallback;
    if ((allowed as readonly string[]).includes(text)) return text as T;
    this.problems.push(`${name}=${text} is none of ${allowed.join(', ')}.`);
    return fallback;
  }

  url(name: string, protocols: string[], fallback?: string): string {
    const text = this.text(name, fallback);
    if (!text) return text;
    try {
      if (protocols.includes(new URL(text).protocol)) return text;
    } catch {
      // reported below, with the others
    }
    this.problems.push(`${name} is not a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}.`);
    return text;
  }

  optionalUrl(name: string, protocols: string[]): string | undefined {
    return this.optional(name) && this.url(name, protocols);
  }

  list(name: string): string[] {
    return (this.optional(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  }

  signingKey(): KeyObject {
    const file = this.optional('SIGNING_KEY_FILE');
    const pem = this.optional('SIGNING_KEY')?.replaceAll('\\n', '\n');
    try {
      if (!pem && !file) throw new Error('neither is set');
      const key = createPrivateKey(pem ?? readFileSync(file!, 'utf8'));
      if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
        throw new Error('it is not a P-256 key');
      return key;
    } catch (error) {
      this.problems.push(
        `SIGNING_KEY (or SIGNING_KEY_FILE) must hold an EC P-256 private key in PEM: ${(error as Error).message}. ` +
          'Make one with: openssl ecparam -name prime256v1 -genkey -noout',
      );
      return undefined as never;
    }
  }
}

/** What each variable is for: the README's table, `docker-compose.yml` and the deploy files are checked against these names. */
export const VARIABLES: Record<string, string> = {
  NODE_ENV: 'production, development or test.',
  HOST: 'Address to listen on (default 127.0.0.1).',
  PORT: 'Port of the HTTP API (default 3000).',
  PUBLIC_URL: 'The URL that people reach the API under (default http://HOST:PORT).',
  TRUST_PROXY: 'Number of proxies in front whose X-Forwarded-For is believed (default 0).',
  WEB_ORIGINS:
    'Comma-separated origins of front ends that browsers may call from, as https://read.example.org or http://localhost:* (default none; in development any port of localhost and 127.0.0.1).',
  RATE_LIMITS:
    'Requests allowed, as <name>=<requests>/<seconds>, comma-separated; all names every budget (docs/limits.md has the defaults).',
  LIVE_CONNECTIONS: 'WebSockets and event streams that one web process holds open, together (default 10000).',
  LIVE_CONNECTIONS_PER_ADDRESS: 'How many of them from one address; of IPv6 the /64 (default 100).',
  LIVE_CONNECTIONS_PER_ACCOUNT: 'How many of them for one account (default 50).',
  LOG_LEVEL: 'fatal, error, warn, info, debug or silent (default info).',
  INKREEL_HOME: 'Folder for everything the program writes (default .inkreel).',
  DATABASE_URL: 'postgres://user:password@host:5432/database, PostgreSQL 16 or newer.',
  DATABASE_POOL: 'Connections per process (default 10); a web process has one more, which reads revocations.',
  REDIS_URL: 'redis://host:6379, Redis 6.2+ or Valkey, with AOF on and maxmemory-policy noeviction.',
  REDIS_PREFIX: 'Prefix of every key and channel, so that installations can share a server (default inkreel).',
  SIGNING_KEY: 'EC P-256 private key in PEM that signs access tokens (\\n for line ends).',
  SIGNING_KEY_FILE: 'File holding that key.',
  ACCESS_TOKEN_SECONDS: 'How long an access token is good (default 600).',
  AUTHOR_SIGN_UP: 'open: whoever signs up may be an author; invited: admins make authors (default open).',
  ADMIN_EMAIL: 'E-mail of the first admin, made when no admin exists.',
  ADMIN_PASSWORD: 'Password of the first admin.',
  STORAGE_QUOTA_MB: 'Megabytes of covers and pictures that the works of one owner may hold; 0 is unlimited (default 1000).',
  S3_BUCKET: 'Bucket for films and pictures; without it they are kept under INKREEL_HOME.',
  S3_ENDPOINT: 'Endpoint of an S3-compatible store (MinIO, Garage); empty for AWS.',
  S3_REGION: 'Region (default us-east-1).',
  S3_LINKS:
    'guarded (default): links to films lead to this server, which looks each time whether the film may be shown. direct: to S3 itself, which takes the traffic; such a link stays good for up to a minute after its chapter is taken back.',
  S3_STALL_SECONDS: 'How long S3 may be silent before a request is tried again (default 20).',
  S3_ACCESS_KEY_ID: 'Access key.',
  S3_SECRET_ACCESS_KEY: 'Secret key.',
  DEMO_ACCOUNTS_FILE: 'For seeding: JSON list of the demo accounts to make.',
  FFMPEG_PATH: 'An ffmpeg with libx264 and aac; otherwise the one from npm, then the one on PATH.',
  RENDER_CONCURRENCY: 'Scenes encoded at once by one worker (default: half the cores, as each keeps nearly two busy).',
  RENDER_PATIENCE_SECONDS:
    'How long a film waits for a worker with the tools it was begun with, before it is begun anew with others (default 60).',
  ARTEFACT_DAYS:
    'Days that scenes are kept for reuse after the last film that had them, but for the newest of each chapter (default 30).',
  FILMS_UNDER_WAY: 'Films that one author may have under way at once (default 500).',
  FILM_MINUTES_PER_DAY: 'Minutes of film that one author may ask for within 24 hours (default 600).',
  VOICE_API_URL: 'Base URL of an OpenAI-compatible speech server, for example http://localhost:8880/v1.',
  VOICE_API_KEY: 'Its key, if it wants one.',
  VOICE_API_MODEL: 'Its model (default kokoro).',
  VOICE_API_TIMEOUT: 'Seconds without a byte after which it counts as stalled (default 25).',
};

export class Config {
  readonly nodeEnv: 'production' | 'development' | 'test';
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  readonly trustProxy: number;
  readonly webOrigins: string[];
  readonly rateLimits: RateBudgets;
  /** The most live connections of one process. */
  readonly live: { connections: number; connectionsPerAddress: number; connectionsPerAccount: number };
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
  readonly home: string;
  readonly database: { url: string; pool: number };
  readonly redis: { url: string; prefix: string };
  readonly signingKey: KeyObject;
  readonly accessTokenSeconds: number;
  readonly authorSignUp: 'open' | 'invited';
  readonly admin?: { email: string; password: string };
  /** What the works of one owner may store; 0 is unlimited. */
  readonly storageQuotaBytes: number;
  readonly s3?: {
    bucket: string;
    endpoint?: string;
    region: string;
    accessKeyId?: string;
    secretAccessKey?: string;
    stallSeconds: number;
    /** Which server answers links to films. */
    links: 'guarded' | 'direct';
  };
  readonly demoAccountsFile?: string;
  readonly ffmpegPath?: string;
  readonly renderConcurrency: number;
  readonly renderPatienceSeconds: number;
  readonly artefactDays: number;
  readonly filmQuota: { underWay: number; minutesPerDay: number };
  readonly voiceApi?: { url: string; key?: string; model: string; stallMs: number };

  /** @throws BadConfiguration with every mistake of `env` at once. */
  constructor(env: Environment = process.env) {
    const read = new Reader(env);
    this.nodeEnv = read.oneOf('NODE_ENV', ['production', 'development', 'test'], 'production');
    this.host = read.text('HOST', '127.0.0.1');
    this.port = read.integer('PORT', 3000, 0, 65535);
    this.publicUrl = read
      .url('PUBLIC_URL', ['http:', 'https:'], `http://${this.host === '0.0.0.0' ? 'localhost' : this.host}:${this.port}`)
      .replace(/\/$/, '');
    this.trustProxy = read.integer('TRUST_PROXY', 0, 0, 10);
    this.webOrigins = webOrigins(read, this.nodeEnv);
    this.rateLimits = readRateLimits(read.list('RATE_LIMITS'), (problem) => read.problems.push(problem));
    this.live = {
      connections: read.integer('LIVE_CONNECTIONS', 10_000, 1, 1_000_000),
      connectionsPerAddress: read.integer('LIVE_CONNECTIONS_PER_ADDRESS', 100, 1, 1_000_000),
      connectionsPerAccount: read.integer('LIVE_CONNECTIONS_PER_ACCOUNT', 50, 1, 1_000_000),
    };
    this.logLevel = read.oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'silent'], 'info');
    this.home = resolve(read.text('INKREEL_HOME', '.inkreel'));
    this.database = {
      url: read.url('DATABASE_URL', ['postgres:', 'postgresql:']),
      pool: read.integer('DATABASE_POOL', 10, 2, 500),
    };
    this.redis = { url: read.url('REDIS_URL', ['redis:', 'rediss:']), prefix: read.text('REDIS_PREFIX', 'inkreel') };
    this.signingKey = read.signingKey();
    this.accessTokenSeconds = read.integer('ACCESS_TOKEN_SECONDS', 600, 2, 86_400);
    this.authorSignUp = read.oneOf('AUTHOR_SIGN_UP', ['open', 'invited'], 'open');
    const email = read.optional('ADMIN_EMAIL');
    const password = read.optional('ADMIN_PASSWORD');
    if (email && password) this.admin = { email, password };
    else if (email || password) read.problems.push('ADMIN_EMAIL and ADMIN_PASSWORD go together: set both or neither.');
    this.storageQuotaBytes = read.integer('STORAGE_QUOTA_MB', 1_000, 0, 1_000_000_000) * 1e6;
    const bucket = read.optional('S3_BUCKET');
    const accessKeyId = read.optional('S3_ACCESS_KEY_ID');
    const secretAccessKey = read.optional('S3_SECRET_ACCESS_KEY');
    const endpoint = read.optionalUrl('S3_ENDPOINT', ['http:', 'https:']);
    const stallSeconds = read.integer('S3_STALL_SECONDS', 20, 1, 600);
    const region = read.text('S3_REGION', 'us-east-1');
    const links = read.oneOf('S3_LINKS', ['guarded', 'direct'], 'guarded');
    if (bucket) this.s3 = { bucket, endpoint, region, accessKeyId, secretAccessKey, stallSeconds, links };
    else if (endpoint || accessKeyId)
      read.problems.push('S3_BUCKET is not set, but other S3_ variables are: name the bucket or remove them.');
    if (!accessKeyId !== !secretAccessKey)
      read.problems.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together: set both or neither.');
    this.demoAccountsFile = read.optional('DEMO_ACCOUNTS_FILE');
    const tools = toolsFrom(read);
    this.ffmpegPath = tools.ffmpegPath;
    this.renderConcurrency = tools.renderConcurrency;
    this.voiceApi = tools.voiceApi;
    this.renderPatienceSeconds = read.integer('RENDER_PATIENCE_SECONDS', 60, 1, 86_400);
    this.artefactDays = read.integer('ARTEFACT_DAYS', 30, 0, 36_500);
    this.filmQuota = {
      underWay: read.integer('FILMS_UNDER_WAY', 500, 1, 1_000_000),
      minutesPerDay: read.integer('FILM_MINUTES_PER_DAY', 600, 1, 1_000_000),
    };
    if (read.problems.length) throw new BadConfiguration(read.problems);
  }

  /**
   * A secret key for one purpose, the same in every process, derived from the signing key by HKDF (RFC 5869): knowing one
   * of them tells nothing about another. `config.derivedKey('refresh-token')`.
   */
  derivedKey(purpose: string): KeyObject {
    const { d } = this.signingKey.export({ format: 'jwk' }); // the number itself: the same in whichever PEM it came
    const key = hkdfSync('sha256', Buffer.from(d!, 'base64url'), '', `inkreel ${purpose}`, 32);
    return createSecretKey(Buffer.from(key));
  }
}

function webOrigins(read: Reader, nodeEnv: Config['nodeEnv']): string[] {
  const origins = read.list('WEB_ORIGINS');
  for (const entry of notOrigins(origins))
    read.problems.push(`WEB_ORIGINS: "${entry}" is not an origin like https://read.example.org (no path, no slash at the end).`);
  return origins.length || nodeEnv !== 'development' ? origins : DEVELOPMENT_ORIGINS;
}

type Tools = Pick<Config, 'ffmpegPath' | 'renderConcurrency' | 'voiceApi'>;

function toolsFrom(read: Reader): Tools {
  const voiceUrl = read.optionalUrl('VOICE_API_URL', ['http:', 'https:']);
  if (voiceUrl && /\/\/[^/]*@/.test(voiceUrl))
    read.problems.push('VOICE_API_URL holds a password, which would be shown: put the key into VOICE_API_KEY.');
  return {
    ffmpegPath: read.optional('FFMPEG_PATH'),
    renderConcurrency: read.integer('RENDER_CONCURRENCY', Math.ceil(availableParallelism() / 2), 1, 64),
    voiceApi: voiceUrl
      ? {
          url: voiceUrl.replace(/\/$/, ''),
          key: read.optional('VOICE_API_KEY'),
          model: read.text('VOICE_API_MODEL', 'kokoro'),
          stallMs: read.integer('VOICE_API_TIMEOUT', 25, 1, 600) * 1_000,
        }
      : undefined,
  };
}

/** What films are made with, for making one without a server. @throws BadConfiguration */
export function renderingTools(env: Environment = process.env): Tools {
  const read = new Reader(env);
  const tools = toolsFrom(read);
  if (read.problems.length) throw new BadConfiguration(read.problems);
  return tools;
}

/** What the migration program needs. @throws BadConfiguration */
export function databaseUrl(env: Environment = process.env): string {
  const read = new Reader(env);
  const url = read.url('DATABASE_URL', ['postgres:', 'postgresql:']);
  if (read.problems.length) throw new BadConfiguration(read.problems);
  return url;
}
