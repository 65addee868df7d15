/** How long something may keep everything else that the process does waiting, in milliseconds. */
const PIECE_MS = 10;

/** Runs it to its end, with a pause now and then where it yields. Rejects with what it throws. */
export async function inPieces<T>(pieces: Generator<void, T>): Promise<T> {
  for (let began = performance.now(); ; ) {
    const { done, value } = pieces.next();
    if (done) return value;
    if (performance.now() - began < PIECE_MS) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
