/** Where use cases get `now`, to hand it to the domain. Due times and leases compare with Postgres `now()` instead. */
export abstract class Clock {
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
