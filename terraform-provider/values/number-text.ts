/** A decimal number in the digits in which it was written: what a JavaScript number could not carry without loss. */
export class NumberText {
  readonly text: string;

  /** Throws RangeError when the text is not a decimal number such as `-1.5` or `2e10`. */
  constructor(text: string) {
    if (normalDecimal(text) === undefined) throw new RangeError(`"${text}" is not a decimal number.`);
    this.text = text;
  }

  /** The digits, as received. */
  toString(): string {
    return this.text;
  }

  /** The digits as a JSON string: a JSON number would lose them again in most readers. */
  toJSON(): string {
    return this.text;
  }
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/**
 * One notation for every decimal number, so that `1.50`, `15e-1` and `1.5` are the same text: sign, digits without outer zeros, and a
 * power of ten (`15e-1`). Undefined when the text is no decimal number.
 */
export function normalDecimal(text: string): string | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}
