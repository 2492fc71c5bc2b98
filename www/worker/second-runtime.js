/**
 * The second runtime, tract, for a network with operators that the engine's own runtime lacks: a module beside the networks of such a
 * pack (tract/web, docs/PACKS.md). It imports nothing, so it reaches nothing but its own memory.
 */

/** @typedef {{length: number, run: (image: Float32Array) => Float32Array}} Opened a network with one image in; length: of its first output */
/**
 * @typedef {object} Exports see tract/web/src/lib.rs
 * @property {WebAssembly.Memory} memory
 * @property {(bytes: number) => number} room
 * @property {(file: number, bytes: number, rows: number, columns: number) => number} open
 * @property {() => number} input
 * @property {() => number} run
 * @property {() => number} output
 * @property {() => number} words
 * @property {() => number} words_length
 */

export class SecondRuntime {
  #module;

  /** @param {Uint8Array<ArrayBuffer>} bytes @throws {WebAssembly.CompileError} */
  constructor(bytes) {
    this.#module = new WebAssembly.Module(bytes);
  }

  /**
   * Opens an ONNX file in an instance of its own.
   * @param {Uint8Array} file
   * @param {number} rows
   * @param {number} columns
   * @returns {Opened}
   * @throws {string} why it can't be used, in English
   */
  open(file, rows, columns) {
    const tract = /** @type {Exports} */ (/** @type {unknown} */ (new WebAssembly.Instance(this.#module).exports));
    /** What a call came to; a trap, tract's way to give up, is a refusal too. @param {() => number} call */
    const done = (call) => {
      let count;
      try {
        count = call();
      } catch (error) {
        throw String(error);
      }
      if (count < 0) throw new TextDecoder().decode(new Uint8Array(tract.memory.buffer, tract.words(), tract.words_length()));
      return count;
    };
    const length = done(() => {
      const at = tract.room(file.length);
      new Uint8Array(tract.memory.buffer, at, file.length).set(file);
      return tract.open(at, file.length, rows, columns);
    });
    return {
      length,
      run(image) {
        new Float32Array(tract.memory.buffer, tract.input(), image.length).set(image);
        const count = done(() => tract.run());
        // A copy: the next run writes over it.
        return new Float32Array(tract.memory.buffer, tract.output(), count).slice();
      },
    };
  }
}
