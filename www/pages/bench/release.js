/** What `node bench/run.mjs --release` measured: the one home of these figures, written by it alone. Least milliseconds, one thread; megabytes gzip. */
export default {
  "time": "2026-12-02",
  "browser": "Chromium 156",
  "processor": "AMD EPYC",
  "onnxruntimeWeb": "1.30.0",
  "networks": [
    {
      "name": "full-4",
      "input": [
        112,
        112
      ],
      "bytes": true,
      "brow": 17.39,
      "plain": 21.28,
      "onnxruntimeWeb": 48.3
    },
    {
      "name": "periocular-6",
      "input": [
        112,
        64
      ],
      "bytes": true,
      "brow": 6.22,
      "plain": 7.63,
      "onnxruntimeWeb": 17.13
    },
    {
      "name": "detector-2",
      "input": [
        320,
        240
      ],
      "bytes": false,
      "brow": 4.19,
      "plain": 4.63,
      "onnxruntimeWeb": 7.39
    },
    {
      "name": "presence-2",
      "input": [
        80,
        80
      ],
      "bytes": false,
      "brow": 2.83,
      "plain": 3.27,
      "onnxruntimeWeb": 5.11
    },
    {
      "name": "landmarks-4",
      "input": [
        96,
        96
      ],
      "bytes": false,
      "brow": 0.9,
      "plain": 0.88,
      "onnxruntimeWeb": 1.68
    }
  ],
  "megabytes": {
    "brow": 0.11,
    "plain": 0.108,
    "onnxruntimeWeb": 3.687
  }
};
