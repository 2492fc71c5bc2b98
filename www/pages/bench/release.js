/** What `node bench/run.mjs --release` measured: the one home of these figures, written by it alone. Least milliseconds, one thread; megabytes gzip. */
export default {
  "time": "2026-12-02",
  "browser": "Chromium 156",
  "processor": "AMD EPYC",
  "onnxruntimeWeb": "1.30.0",
  "networks": [
    {
      "name": "full-5",
      "input": [
        112,
        112
      ],
      "bytes": true,
      "brow": 7.15,
      "plain": 16.21,
      "onnxruntimeWeb": 32.94
    },
    {
      "name": "detector-2",
      "input": [
        320,
        240
      ],
      "bytes": false,
      "brow": 2.88,
      "plain": 2.77,
      "onnxruntimeWeb": 4.46
    },
    {
      "name": "periocular-6",
      "input": [
        112,
        64
      ],
      "bytes": true,
      "brow": 2.78,
      "plain": 5.57,
      "onnxruntimeWeb": 11.33
    },
    {
      "name": "presence-2",
      "input": [
        80,
        80
      ],
      "bytes": false,
      "brow": 2.26,
      "plain": 2.15,
      "onnxruntimeWeb": 3.57
    },
    {
      "name": "landmarks-4",
      "input": [
        96,
        96
      ],
      "bytes": false,
      "brow": 0.6,
      "plain": 0.55,
      "onnxruntimeWeb": 1.11
    }
  ],
  "megabytes": {
    "brow": 0.11,
    "plain": 0.108,
    "onnxruntimeWeb": 3.687
  }
};
