/** What is wrong with one argument of a function, for people. Never repeats what may be a secret. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  /** Which argument it is, from 0. */
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}
