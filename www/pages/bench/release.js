/** What `node bench/run.mjs --release` measured: the one home of these figures, written by it alone. Least milliseconds, one thread; megabytes gzip. */
export default {
  "time": "2026-11-30",
  "browser": "Chromium 156",
  "processor": "Intel(R) Xeon(R) Processor",
  "onnxruntimeWeb": "1.30.0",
  "networks": [
    {
      "name": "full-4",
      "input": [
        112,
        112
      ],
      "bytes": true,
      "brow": 8.33,
      "plain": 18,
      "onnxruntimeWeb": 32.96
    },
    {
      "name": "periocular-6",
      "input": [
        112,
        64
      ],
      "bytes": true,
      "brow": 3.34,
      "plain": 6.56,
      "onnxruntimeWeb": 12.1
    },
    {
      "name": "detector-2",
      "input": [
        320,
        240
      ],
      "bytes": false,
      "brow": 3,
      "plain": 3.45,
      "onnxruntimeWeb": 4.92
    },
    {
      "name": "presence-2",
      "input": [
        80,
        80
      ],
      "bytes": false,
      "brow": 2.23,
      "plain": 2.76,
      "onnxruntimeWeb": 3.83
    },
    {
      "name": "landmarks-3",
      "input": [
        96,
        96
      ],
      "bytes": false,
      "brow": 0.5,
      "plain": 0.57,
      "onnxruntimeWeb": 1
    }
  ],
  "megabytes": {
    "brow": 0.111,
    "plain": 0.109,
    "onnxruntimeWeb": 3.687
  }
};
