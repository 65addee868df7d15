/** What comes of a decision in pieces without any pause. */
export function finished<T>(pieces: Generator<void, T>): T {
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
  }
}
