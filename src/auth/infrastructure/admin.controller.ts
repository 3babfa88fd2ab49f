/**
 * Sign-in to the admin pages: a browser sends no bearer token, so signing in here sets a cookie (HttpOnly, SameSite=Strict)
 * that names a session and is accepted below /admin only. The pages (admin-pages.ts) have no script.
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
import { BoardSession } from '#libs/operations/board';
import { SigningIn } from '../application/signing-in.js';
import { normalEmail } from '../domain/account.js';
import { HOME, signInPage } from './admin-pages.js';
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

  /** The sign-in form, or for an admin who is signed in, where to go from here. */
  @Get()
  @Public()
  @RateLimit('read')
  @Header('content-type', 'text/html; charset=utf-8')
  async page(@Req() request: FastifyRequest): Promise<string> {
    return (await this.door.admits(request)) ? HOME : signInPage();
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
    this.refuseForeignPages(request);
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
      .header('location', '/admin');
  }

  /** For Swagger UI, which needs an access token: one of the session that the cookie names, or 204 without such a session. */
  @Post('session/token')
  @Public()
  @RateLimit('auth')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async token(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object | undefined> {
    this.refuseForeignPages(request);
    const session = (await this.door.admits(request)) ? this.door.sessionOf(request) : undefined;
    if (session) return this.signingIn.accessOf(session);
    void reply.status(204);
    return undefined;
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

  private refuseForeignPages({ headers: { origin, host }, protocol }: FastifyRequest): void {
    if (origin !== undefined && origin !== new URL(this.config.publicUrl).origin && origin !== `${protocol}://${host}`)
      throw new BadRequest('foreign-origin', 'Sign in on the page at /admin.', {}, 403);
  }
}
