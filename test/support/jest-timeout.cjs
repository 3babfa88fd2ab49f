/** Jest takes `testTimeout` from the root of its configuration only, never from a project: so each project says it here. */
jest.setTimeout(globalThis.SECONDS_PER_TEST * 1000);
