import { DEVELOPMENT_ORIGINS, notOrigins, originMatcher } from './web-origins.js';

it('matches an origin exactly, and any port of a host that says so', () => {
  const isAllowed = originMatcher(['https://read.example.org', 'https://beta.example.org:8443', ...DEVELOPMENT_ORIGINS]);
  for (const origin of [
    'https://read.example.org',
    'https://beta.example.org:8443',
    'http://localhost:5173',
    'http://localhost',
    'http://127.0.0.1:65535',
  ])
    expect([origin, isAllowed(origin)]).toEqual([origin, true]);
  for (const origin of [
    'http://read.example.org',
    'https://read.example.org:444',
    'https://beta.example.org',
    'https://localhost:5173',
    'http://localhost.evil.example:5173',
    'http://evil.example:5173',
    'http://localhost:5173.evil.example',
    'null',
    '',
  ])
    expect([origin, isAllowed(origin)]).toEqual([origin, false]);
});

it('finds entries that are no origin', () => {
  expect(notOrigins(['https://read.example.org', 'http://localhost:*', 'http://[::1]:*'])).toEqual([]);
  const wrong = [
    '*',
    'read.example.org',
    'https://read.example.org/',
    'https://read.example.org/app',
    'ftp://a.example',
    'https://*.example.org:*/',
    'HTTPS://A.example',
  ];
  expect(notOrigins(wrong)).toEqual(wrong);
});
