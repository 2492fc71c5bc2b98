/**
 * A reading that takes a while, of something that changes meanwhile: an answer that began before one which is out already may be older than
 * that one, and would undo on the page what it told. It is read again.
 * @template T
 * @param {() => Promise<T>} read
 * @returns {() => Promise<T>}
 */
export function latest(read) {
  let [begun, out] = [0, 0];
  return async function again() {
    begun += 1;
    const turn = begun;
    const value = await read();
    if (turn < out) return again();
    out = turn;
    return value;
  };
}
