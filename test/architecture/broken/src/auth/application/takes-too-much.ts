export class TakesTooMuch {
  constructor(
    readonly one: string,
    readonly two: string,
    readonly three: string,
    readonly four: string,
    readonly five: string,
    readonly six: string,
  ) {}
}
