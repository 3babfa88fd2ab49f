/**
 * Sign-in to the admin pages: a browser sends no bearer token, so signing in here sets a cookie (HttpOnly, SameSite=Strict)
 * that names a session and is accepted by these pages only. The page has no script.
 */
import { Body, Controller, Get, Header, HttpCode, Injectable, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { OptionalNotNull } from '#libs/http/input';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#libs/config/config';
import { Public } from '#libs/http/access';
import { BadRequest } from '#libs/http/problems';
import { RateLimit } from '#libs/http/rate-limit';
import { RateLimiter } from '#libs/http/rate-limiter';
import { BOARD_PATH, BoardSession } from '#libs/operations/board';
import { SigningIn } from '../application/signing-in.js';
import { normalEmail } from '../domain/account.js';
import { JwtTokens } from './jwt-tokens.js';
import { SessionViews } from './session-views.js';

const COOKIE = 'inkreel_admin';
const SECONDS = 8 * 3_600;

@Injectable()
export class AdminSession extends BoardSession {
  constructor(
    private readonly tokens: JwtTokens,
    private readonly sessions: SessionViews,
  ) {
    super();
  }

  /** Asked in Postgres each time: an admin who was demoted, or signed out elsewhere, is refused at once. */
  async admits(request: FastifyRequest): Promise<boolean> {
    const session = this.sessionOf(request);
    return session !== undefined && (await this.sessions.isOfAdmin(session));
  }

  /** The session that the cookie names, whether it is still open or not. */
  sessionOf(request: FastifyRequest): string | undefined {
    const cookie = request.cookies[COOKIE];
    if (!cookie) return undefined;
    try {
      return this.tokens.readAdminCookie(cookie);
    } catch {
      return undefined;
    }
  }
}

class AdminSignInBody {
  @IsString() @MaxLength(254) email!: string;
  @IsString() @MaxLength(128) password!: string;
  @OptionalNotNull() @IsString() @MaxLength(10) submit?: string;
}

@ApiExcludeController()
@Controller('admin')
export class AdminController {
  constructor(
    private readonly signingIn: SigningIn,
    private readonly tokens: JwtTokens,
    private readonly door: AdminSession,
    private readonly config: Config,
    private readonly limiter: RateLimiter,
  ) {}

  @Get()
  @Public()
  @RateLimit('read')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  )
  @Header('cache-control', 'no-store')
  @Header('referrer-policy', 'same-origin') // under no-referrer a browser sends its own form with "Origin: null"
  page(): string {
    return signInPage();
  }

  @Post('session')
  @Public()
  @RateLimit('auth', 'sign-in-address')
  @HttpCode(303)
  async signIn(
    @Body() { email, password }: AdminSignInBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { origin, host } = request.headers;
    if (origin !== undefined && origin !== new URL(this.config.publicUrl).origin && origin !== `${request.protocol}://${host}`)
      throw new BadRequest('foreign-origin', 'Sign in on the page at /admin.', {}, 403);
    await this.limiter.admitSignIn(request, reply, normalEmail(email));
    const session = await this.signingIn.signInAdmin(email, password, request.headers['user-agent'] ?? '');
    this.limiter.giveBack(request);
    void reply
      .setCookie(COOKIE, this.tokens.signAdminCookie(session, SECONDS), {
        path: '/admin',
        httpOnly: true,
        sameSite: 'strict',
        secure: this.config.publicUrl.startsWith('https:'),
        maxAge: SECONDS,
      })
      .header('location', BOARD_PATH);
  }

  @Post('session/end')
  @Public()
  @RateLimit('auth')
  @HttpCode(303)
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const session = this.door.sessionOf(request);
    if (session) await this.signingIn.end(session, 'signed-out');
    void reply.clearCookie(COOKIE, { path: '/admin' }).header('location', '/admin');
  }
}

const signInPage = (): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Inkreel admin</title>
<style>
  body{font:16px/1.5 system-ui,sans-serif;background:#14121b;color:#eceaf4;display:grid;place-items:center;min-height:100vh;margin:0}
  form{width:20rem;padding:2rem;background:#1f1c2a;border-radius:12px;display:grid;gap:.9rem}
  h1{font-size:1.2rem;margin:0}p{margin:0;color:#a9a4bd;font-size:.9rem}
  label{display:grid;gap:.25rem;font-size:.85rem;color:#c9c5d8}
  input{font:inherit;padding:.55rem .7rem;border-radius:8px;border:1px solid #3a3550;background:#14121b;color:inherit}
  button{font:inherit;padding:.6rem;border:0;border-radius:8px;background:#ffd166;color:#14121b;font-weight:600;cursor:pointer}
</style></head><body>
<form method="post" action="/admin/session"><h1>Inkreel jobs</h1><p>For admins. Read-only.</p>
<label>E-mail<input name="email" type="email" autocomplete="username" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form></body></html>`;
